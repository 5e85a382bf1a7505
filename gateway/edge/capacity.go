package edge

import (
	"sync"

	"github.com/gin-gonic/gin"
)

// capacity counts the places of the requests that run. Nobody waits for one: a request that finds none is answered at
// once, and the process bears what it took.
//
// Of n places general requests and uploads have three quarters, of which uploads have so many as is configured. The last
// eighth is for Release alone, so that nothing that streams or that anybody may read keeps a withdrawal out. One person
// has at most an eighth for acts of Release, and an eighth for all else.
type capacity struct {
	most, general, streams, uploads, each int

	mu      sync.Mutex
	running int
	in      map[Class]int
	persons map[place]int
}

// place is what a person has places for.
type place struct {
	person  string
	release bool
}

func newCapacity(c Config) *capacity {
	return &capacity{
		most: c.MaxRequests, general: c.MaxRequests * 3 / 4, streams: c.MaxRequests * 7 / 8, uploads: c.MaxUploads, each: c.MaxRequests / 8,
		in: map[Class]int{}, persons: map[place]int{},
	}
}

// enter takes a place for a request of the class, and reports whether there was one.
func (c *capacity) enter(class Class) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.free(class) {
		return false
	}
	c.running++
	c.in[class]++
	return true
}

func (c *capacity) free(class Class) bool {
	switch class {
	case Release:
		return c.running < c.most
	case Pull:
		return c.running < c.streams
	case Upload:
		return c.running < c.streams && c.in[General]+c.in[Upload] < c.general && c.in[Upload] < c.uploads
	default:
		return c.running < c.streams && c.in[General]+c.in[Upload] < c.general
	}
}

func (c *capacity) leave(class Class) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	c.in[class]--
}

// join takes one of the person's places, once it is known who calls.
func (c *capacity) join(person string, class Class) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := place{person, class == Release}
	if c.persons[p] >= c.each {
		return false
	}
	c.persons[p]++
	return true
}

func (c *capacity) part(person string, class Class) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := place{person, class == Release}
	if c.persons[p]--; c.persons[p] <= 0 {
		delete(c.persons, p)
	}
}

// admit lets in what there is a place for. It runs before anything is known of the caller.
func (s *Server) admit(c *gin.Context) {
	sc, ok := scopeOf(c.Request.Context())
	if !ok {
		return // begin has answered
	}
	sc.class = s.classes[c.Request.Method+" "+c.FullPath()]
	if !s.capacity.enter(sc.class) {
		s.limited(c, limitCapacity)
		WriteProblem(c, errFull)
		return
	}
	defer s.capacity.leave(sc.class)
	defer func() {
		if sc.joined {
			s.capacity.part(sc.caller.Person, sc.class)
		}
	}()
	c.Next()
}
