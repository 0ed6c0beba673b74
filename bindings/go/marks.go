package spectacles

import "hash/maphash"

// mark stands for a message-id, in 128 bits without a pointer: the garbage collector does not look at it. The zero value
// stands for none.
type mark [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func markOf(id string) mark {
	if id == "" {
		return mark{}
	}
	return mark{maphash.String(seeds[0], id), maphash.String(seeds[1], id)}
}

// marks is a set, with open addressing: the runtime's maps take twice as long to be asked. At most half of it is used.
type marks struct {
	slots []mark // a power of two, or none
	count int
}

const firstSlots = 64

// find is the slot of the mark, or the free one where it belongs.
func (m *marks) find(wanted mark) *mark {
	last := uint64(len(m.slots) - 1)
	at := wanted[0] & last
	for m.slots[at] != wanted && m.slots[at] != (mark{}) {
		at = (at + 1) & last
	}
	return &m.slots[at]
}

func (m *marks) has(wanted mark) bool { return m.count > 0 && *m.find(wanted) == wanted }

func (m *marks) add(wanted mark) {
	if 2*m.count >= len(m.slots) {
		m.grow()
	}
	if slot := m.find(wanted); *slot != wanted {
		*slot = wanted
		m.count++
	}
}

func (m *marks) grow() {
	old := m.slots
	size := 2 * len(old)
	if size == 0 {
		size = firstSlots
	}
	m.slots = make([]mark, size)
	for _, each := range old {
		if each != (mark{}) {
			*m.find(each) = each
		}
	}
}

// generation is how many message-ids are remembered before the older ones are forgotten: copies come soon.
const generation = 32768

// memory of message-ids, in two generations: the older one is forgotten as a whole.
type memory struct{ young, old marks }

func (m *memory) has(id mark) bool {
	return id != (mark{}) && (m.young.has(id) || m.old.has(id))
}

func (m *memory) add(id mark) {
	if id == (mark{}) {
		return
	}
	m.young.add(id)
	if m.young.count >= generation {
		m.old, m.young = m.young, marks{}
	}
}
