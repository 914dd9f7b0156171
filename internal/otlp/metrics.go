package otlp

import (
	"github.com/hansardhq/hansard/internal/rawjson"
)

// metrics counts the data points of an ExportMetricsServiceRequest.
func (d *decoder) metrics(b []byte) error {
	return eachField(b, func(w wireField) error { // ResourceMetrics
		if !w.is(1) {
			return nil
		}
		return eachField(w.bytes, func(w wireField) error { // ScopeMetrics
			if !w.is(2) {
				return nil
			}
			return eachField(w.bytes, func(w wireField) error { // Metric
				if !w.is(2) {
					return nil
				}
				return d.metric(w.bytes)
			})
		})
	})
}

// metric counts the data points of one metric, whatever its kind.
func (d *decoder) metric(b []byte) error {
	d.out.Records++
	return eachField(b, func(w wireField) error {
		switch w.num {
		case 5, 7, 9, 10, 11:
			return eachField(w.bytes, func(w wireField) error {
				if w.is(1) {
					d.out.Points++
				}
				return nil
			})
		}
		return nil
	})
}

// metricsJSON counts the data points of a request in JSON.
func (d *decoder) metricsJSON(b []byte) error {
	if err := rawjson.Valid(b, envelopeDepth+d.limits.Depth); err != nil {
		return invalid("the body is not JSON: %w", err)
	}
	return eachIn(b, []string{"resourceMetrics", "resource_metrics"}, func(v []byte) error {
		return eachIn(v, []string{"scopeMetrics", "scope_metrics"}, func(v []byte) error {
			return eachIn(v, []string{"metrics"}, func(v []byte) error {
				d.out.Records++
				return rawjson.Object(v, func(_, kind []byte) error {
					return eachIn(kind, []string{"dataPoints", "data_points"}, func([]byte) error {
						d.out.Points++
						return nil
					})
				})
			})
		})
	})
}
