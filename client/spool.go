package client

func (r *route) openSpool(dir string) error { return nil }
