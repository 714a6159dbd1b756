package metrics

import (
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Schedule takes an event of the scheduler. It is called from one goroutine at a
// time.
func (m *Metrics) Schedule(e schedule.Event) {
	switch e := e.(type) {
	case schedule.SlotsDue:
		m.ended(e.Slots)
	case schedule.SlotsSkipped:
		m.ended(e.Slots)
	case schedule.TookOver:
		m.ended(e.Slots)
	case schedule.RunStarted:
		for _, x := range e.Job.Slots {
			m.lag.WithLabelValues(x.Schedule).Set(max(x.Started.Sub(x.Start).Seconds(), 0))
		}
	case schedule.RunDone:
		m.ended(e.Slots)
	case schedule.Lost:
		m.LeaseLost()
	case schedule.Waiting, schedule.ClockBack, schedule.Problem:
	}
}

// ended counts the slots that have ended.
func (m *Metrics) ended(list []state.Slot) {
	for _, x := range list {
		if !x.Ended.IsZero() {
			m.slots.WithLabelValues(x.Schedule, x.Status).Inc()
		}
	}
}
