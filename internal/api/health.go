package api

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/intake"
	"github.com/hansardhq/hansard/internal/otlp"
)

// metrics are the server's own figures. Their labels are routes, outcomes and
// tiers: nothing that a sender chooses.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	events   *prometheus.CounterVec
	otlp     *prometheus.CounterVec
	points   prometheus.Counter
}

func newMetrics(registry *prometheus.Registry, cfg Config) *metrics {
	m := &metrics{
		registry: registry,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hansard_http_requests_total", Help: "Requests answered, by route and class of status.",
		}, []string{"route", "status"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hansard_events_total", Help: "Events sent to this server, by what became of them.",
		}, []string{"outcome"}),
	}
	m.otlp = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hansard_otlp_records_total", Help: "OTLP spans, logs and metrics received, by signal and by whether they were taken.",
	}, []string{"signal", "outcome"})
	m.points = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "hansard_otlp_metric_points_total", Help: "Data points of OTLP metrics, which are counted and not kept.",
	})
	watchers := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hansard_live_readers", Help: "Connected readers of the live feed.",
	}, func() float64 { return float64(cfg.Hub.Watchers()) })
	registry.MustRegister(m.requests, m.events, m.otlp, m.points, watchers, logSizes{cfg})
	return m
}

func (m *metrics) count(r *intake.Receipt) {
	m.events.WithLabelValues("accepted").Add(float64(r.Accepted))
	m.events.WithLabelValues("duplicate").Add(float64(r.Duplicates))
	m.events.WithLabelValues("conflict").Add(float64(len(r.Conflicts)))
	m.events.WithLabelValues("rejected").Add(float64(len(r.Rejected) + r.Unlisted))
}

func (m *metrics) countOTLP(o otlp.Outcome) {
	m.count(&o.Receipt)
	m.points.Add(float64(o.Points))
	m.otlp.WithLabelValues(o.Signal.String(), "taken").Add(float64(max(0, o.Records-o.Refused)))
	m.otlp.WithLabelValues(o.Signal.String(), "refused").Add(float64(o.Refused))
}

// logSizes collects the sizes of the logs when they are asked for.
type logSizes struct{ cfg Config }

var (
	descSize   = prometheus.NewDesc("hansard_log_entries", "Entries in a log.", []string{"tenant", "tier"}, nil)
	descBehind = prometheus.NewDesc("hansard_detections_behind_entries", "Entries that detections have not looked at yet.", []string{"tenant"}, nil)
	descSealed = prometheus.NewDesc("hansard_log_sealed_entries", "Entries of a log that are in parts.", []string{"tenant", "tier"}, nil)
)

// Describe implements prometheus.Collector.
func (logSizes) Describe(ch chan<- *prometheus.Desc) {
	ch <- descSize
	ch <- descSealed
	ch <- descBehind
}

// Collect implements prometheus.Collector.
func (l logSizes) Collect(ch chan<- prometheus.Metric) {
	for _, i := range l.cfg.Ledger.Logs() {
		labels := []string{i.Log.Tenant, string(i.Log.Tier)}
		ch <- prometheus.MustNewConstMetric(descSize, prometheus.GaugeValue, float64(i.Size), labels...)
		ch <- prometheus.MustNewConstMetric(descSealed, prometheus.GaugeValue, float64(i.Sealed), labels...)
		if behind, ok := l.behind(i.Log); ok {
			ch <- prometheus.MustNewConstMetric(descBehind, prometheus.GaugeValue, float64(behind), i.Log.Tenant)
		}
	}
}

// behind returns how many entries of a log's tenant detections have not looked at; once
// for each tenant, with its meta log.
func (l logSizes) behind(log hansard.LogID) (entries uint64, ok bool) {
	if log.Tier != hansard.TierMeta || l.cfg.Detected == nil {
		return 0, false
	}
	next, ok := l.cfg.Detected(log.Tenant)
	last, some := l.cfg.Ledger.LastPosition(log.Tenant)
	return last + 1 - min(next, last+1), ok && some
}

func (s *Server) healthRoutes(mux *http.ServeMux) {
	ok := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("ok\n")) // the caller may be gone; there is nobody to tell
	}
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-s.closing:
			access.WriteProblem(w, r, http.StatusServiceUnavailable, "busy", "the server is stopping", "")
		default:
			ok(w, r)
		}
	})
	// The figures are of all tenants, so they are an admin's.
	mux.Handle("GET /metrics", access.Require(access.RoleAdmin)(promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})))
}
