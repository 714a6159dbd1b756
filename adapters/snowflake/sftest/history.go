package sftest

// history are the requests so far, as rows of QUERY_HISTORY_BY_USER. Of several
// statements in one request it is the request alone.
func (s *Server) history() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []string
	for _, j := range s.jobs {
		if j.request == "" {
			continue // a part of another
		}
		state := "RUNNING"
		select {
		case <-j.ready:
			state = "SUCCESS"
			if j.err != nil {
				state = "FAILED_WITH_ERROR"
			}
		default:
		}
		rows = append(rows, "("+quote(j.id)+", "+quote(j.request)+", "+quote(j.tag)+", "+quote(state)+")")
	}
	return rows
}

// cancel stops a request by its id, and says so in Snowflake's words.
func (s *Server) cancel(id string) string {
	s.mu.Lock()
	j := s.jobs[id]
	s.mu.Unlock()
	if j != nil && j.stop != nil {
		select {
		case <-j.ready:
		default:
			j.stop(refuse(codeCanceled, "57014", "SQL execution canceled"))
			return "query [" + id + "] terminated."
		}
	}
	return "Identified SQL statement is not currently executing."
}
