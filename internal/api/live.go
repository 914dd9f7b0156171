package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/access"
	"github.com/hansardhq/hansard/internal/live"
	"github.com/hansardhq/hansard/internal/reading"
)

func (s *Server) liveRoutes(mux *http.ServeMux, api huma.API) {
	mux.Handle("GET /v1/live", access.Require(access.RoleReader)(http.HandlerFunc(s.getLive)))
	text := &huma.Schema{Type: huma.TypeString}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "live", Method: http.MethodGet, Path: "/v1/live", Tags: []string{"events"},
		Summary:     "Follow events as they are committed (server-sent events)",
		Description: "Each event has its position as id. Last-Event-ID, or after, goes on from there without loss. A reader that does not keep up gets an event named dropped and is disconnected. With counters=true, events named counters say each second how many events are committed, whatever the search; with counters=only, they come alone.",
		Parameters: []*huma.Param{
			{Name: "q", In: "query", Schema: text}, {Name: "question", In: "query", Description: "Id of a question that was put to /v1/questions, instead of q", Schema: text}, {Name: "after", In: "query", Schema: &huma.Schema{Type: huma.TypeInteger}},
			{Name: "counters", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"true", "only"}}},
			{Name: "Last-Event-ID", In: "header", Schema: text},
		},
		Responses: map[string]*huma.Response{"200": {Description: "The stream", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: text}}}},
	})
}

const (
	liveDepth     = 256              // commits that may wait for a reader
	liveHeartbeat = 15 * time.Second // so that a dead connection is found
	livePage      = 500              // entries that a resumed reader catches up by
	liveWrite     = 10 * time.Second // how long one write may take
)

// getLive streams committed events.
func (s *Server) getLive(w http.ResponseWriter, r *http.Request) {
	id, _ := access.IdentityOf(r.Context())
	next, resume, err := resumeFrom(r)
	var asked Asked
	if err == nil {
		asked, err = s.askedInURL(r, r.URL.Query())
	}
	var want counted
	if err == nil {
		want, err = countedOf(r.URL.Query())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	match, err := s.cfg.Reading.Match(id.Tenant, reading.Question{Search: asked.Q, Value: asked.Value})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	st := &stream{w: w, rc: http.NewResponseController(w), match: match, next: next, want: want}
	if !resume {
		// Where the record is now, read before the watching begins: what is
		// committed in between is caught up with.
		last, ok := s.cfg.Ledger.LastPosition(id.Tenant)
		if ok {
			st.next = last + 1
		}
	}
	watcher, err := s.cfg.Hub.Watch(id.Tenant, liveDepth)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer watcher.Close()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	st.connected()
	s.noteBegin(r)
	defer func() { noteOf(r.Context()).rows = hansard.Some(st.sent) }()
	if want.alone {
		s.follow(r.Context(), watcher.Events(), st)
		return
	}
	if err := s.catchUp(r.Context(), id.Tenant, st); err != nil {
		st.named("error", "catching up failed; connect again")
		return
	}
	s.follow(r.Context(), watcher.Events(), st)
}

// resumeFrom reads the position that a reader has seen last, and returns the one
// after it.
func resumeFrom(r *http.Request) (next uint64, ok bool, err error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return 0, false, nil
	}
	seen, err := strconv.ParseUint(text, 10, 53)
	if err != nil {
		return 0, false, hansard.Errorf(hansard.KindInvalid, "Last-Event-ID, or after, must be a position")
	}
	return seen + 1, true, nil
}

// catchUp sends what was committed from the stream's next position on. The
// watcher is collecting already, so that nothing falls in between.
func (s *Server) catchUp(ctx context.Context, tenant string, st *stream) error {
	reader := s.cfg.Lake.Follow(tenant, hansard.Tiers, st.next)
	for {
		entries, err := reader.Entries(ctx, livePage)
		if err != nil {
			return err
		}
		events := make([]*live.Event, len(entries))
		for i, e := range entries {
			events[i] = &live.Event{Entry: e}
		}
		st.send(events)
		if st.err != nil || len(entries) == 0 {
			return st.err
		}
	}
}

func (s *Server) follow(ctx context.Context, commits <-chan []*live.Event, st *stream) {
	beat := time.NewTicker(liveHeartbeat)
	defer beat.Stop()
	second, stop := st.seconds()
	defer stop()
	for st.err == nil {
		select {
		case events, ok := <-commits:
			if !ok {
				st.named("dropped", "this reader did not keep up; connect again with Last-Event-ID")
				return
			}
			if st.want.counters {
				st.count.add(events, st.match)
			}
			if !st.want.alone {
				st.send(events)
			}
		case <-second:
			st.counters()
		case <-beat.C:
			st.comment("heartbeat")
		case <-s.closing:
			st.named("closing", "the server is stopping; connect again with Last-Event-ID")
			return
		case <-ctx.Done():
			return
		}
	}
}

// stream writes server-sent events.
type stream struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	match func(*hansard.Entry) bool
	next  uint64 // positions below were sent, passed over, or seen before
	want  counted
	count counter
	sent  int64
	err   error
}

// send writes the entries that match, in order, from the next position on.
func (st *stream) send(entries []*live.Event) {
	for _, e := range entries {
		if st.err != nil {
			return
		}
		if e.Position < st.next {
			continue
		}
		st.next = e.Position + 1
		if st.match(e.Entry) {
			b, err := e.JSON()
			if err != nil {
				st.err = err
				return
			}
			st.sent++
			st.write(fmt.Sprintf("event: event\nid: %d\ndata: %s\n\n", e.Position, b))
		}
	}
	st.flush()
}

func (st *stream) named(name, text string) {
	st.write(fmt.Sprintf("event: %s\ndata: %s\n\n", name, text))
	st.flush()
}

// connected says where the record is, so that a reader who loses the connection
// before the first event knows where to go on.
func (st *stream) connected() {
	if st.next == 0 {
		st.comment("connected")
		return
	}
	st.write(fmt.Sprintf("event: connected\nid: %d\ndata: {}\n\n", st.next-1))
	st.flush()
}

func (st *stream) comment(text string) {
	st.write(": " + text + "\n\n")
	st.flush()
}

func (st *stream) write(text string) {
	if st.err == nil {
		_ = st.rc.SetWriteDeadline(time.Now().Add(liveWrite)) // not every connection has deadlines
		_, st.err = st.w.Write([]byte(text))
	}
}

func (st *stream) flush() {
	if st.err == nil {
		st.err = st.rc.Flush()
	}
}
