package edge

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// readyTimeout bounds one readiness check.
const readyTimeout = 3 * time.Second

// Check is one part that must work for the process to serve.
type Check struct {
	Name string
	Run  func(context.Context) error
}

// Admin answers on the second listener: /healthz (the process runs), /readyz (its parts answer), /metrics. It holds no
// data of the business, and is for operators only.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		adminAnswer(w, http.StatusOK, map[string]string{"status": "up"})
	})
	mux.HandleFunc("GET /readyz", s.ready)
	if s.deps.Metrics != nil {
		mux.Handle("GET /metrics", s.deps.Metrics)
	}
	return mux
}

// ready names the checks that fail; why, the log tells. They are run at once, so that all of them together take no longer
// than one may. While the server drains it is not ready.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	status := http.StatusOK
	answer := map[string]string{}
	if s.draining.Load() {
		status, answer["server"] = http.StatusServiceUnavailable, "draining"
	}
	failures := make([]error, len(s.deps.Ready))
	var running sync.WaitGroup
	for i, check := range s.deps.Ready {
		running.Go(func() {
			ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
			defer cancel()
			failures[i] = check.Run(ctx)
		})
	}
	running.Wait()
	for i, check := range s.deps.Ready {
		answer[check.Name] = "ok"
		if err := failures[i]; err != nil {
			status, answer[check.Name] = http.StatusServiceUnavailable, "failing"
			s.deps.Log.LogAttrs(r.Context(), slog.LevelWarn, "not ready", slog.String("check", check.Name), slog.String("error", err.Error()))
		}
	}
	adminAnswer(w, status, answer)
}

func adminAnswer(w http.ResponseWriter, status int, answer map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // a client that has gone needs no answer
}
