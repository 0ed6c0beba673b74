package spectacles

import (
	"context"
	"io"
	"sync"
	"testing"
)

// idle is a crew whose turns somebody else makes.
type idle struct{}

func (idle) wait(context.Context, func() bool) bool { return false }
func (idle) follow()                                {}
func (idle) unfollow()                              {}

func TestAQueueAsksForMoreWhenItHasRoom(t *testing.T) {
	asked := 0
	queue := newQueue[int](func() { asked++ }, idle{})
	queue.put(make([]int, queueRoom))
	if queue.hasRoom() {
		t.Fatal("it is full")
	}
	for i := 0; i < queueRoom; i++ {
		if _, err := queue.next(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 || !queue.hasRoom() {
		t.Fatal(asked)
	}
}

// Each of many takes what somebody else has put, in order for each, and nobody is forgotten.
func TestManyTakeFromOneQueue(t *testing.T) {
	const count, takers = 10000, 7
	queue := newQueue[int](func() {}, idle{})
	var waiting sync.WaitGroup
	taken := make([]int, takers)
	for i := 0; i < takers; i++ {
		waiting.Add(1)
		go func(i int) {
			defer waiting.Done()
			last := -1
			for {
				item, err := queue.next(context.Background())
				if err == io.EOF {
					return
				}
				if item <= last {
					t.Errorf("%d behind %d", item, last)
				}
				last = item
				taken[i]++
			}
		}(i)
	}
	var fresh []int
	for i := 0; i < count; i++ {
		if fresh = append(fresh, i); i%3 == 0 {
			fresh = queue.put(fresh)
		}
	}
	queue.put(fresh)
	queue.finish(io.EOF)
	waiting.Wait()
	total := 0
	for _, each := range taken {
		total += each
	}
	if total != count {
		t.Fatal(total)
	}
}
