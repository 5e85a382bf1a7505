package store

// Derived answers with a key for one use, the same in every process of the
// system; nil where the store was given no authority. See evidence.Authority.
func (s *Store) Derived(use string) []byte {
	if s.opts.Authority == nil {
		return nil
	}
	return s.opts.Authority.Derive(use)
}
