package api

import "github.com/danielgtaylor/huma/v2"

func (s *Server) reportRoutes(huma.API) {}
