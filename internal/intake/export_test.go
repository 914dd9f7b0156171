package intake

// Held returns how many bytes of events requests hold, as far as they were counted.
func (in *Intake) Held() int64 { return in.held.Load() }
