package gate

import (
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"shouwang"
	"shouwang/policy"
)

// Options are a Gate's choices; the zero value is usable.
type Options struct {
	// Rules is the policy set; nil takes the one built in.
	Rules *Rules
	// Language of the texts: "zh-CN" (default) or "en".
	Language string
	// Approvals is the record that a second person is looked for in; nil takes
	// a request's word for it, which is for tools that judge a world written
	// down, never for a service.
	Approvals Approvals
	// Log hears of denials by error and of swaps; nil is silent.
	Log *slog.Logger
}

// Gate answers every question about cameras from an immutable snapshot of the
// world. It is safe for concurrent use. A nil Gate denies everything.
type Gate struct {
	clock     func() time.Time
	language  string
	log       *slog.Logger
	looks     looks
	approvals Approvals

	now atomic.Pointer[state]

	mu        sync.Mutex // orders swaps, guards what follows
	listeners map[int]func(shouwang.CameraID)
	nextID    int
}

// state is one world under one policy set, with the answers remembered for
// it. A swap replaces it whole, so that no answer outlives what it rests on.
type state struct {
	world   *policy.World
	rules   *Rules
	answers answers
	// unbound says that the township forces the view gate and the rules do not.
	unbound bool
}

func newState(w *policy.World, r *Rules) *state {
	return &state{world: w, rules: r, unbound: CheckViewGate(w, r) != nil}
}

// NewGate returns a gate over the world. The clock says what time it is when
// a look, an analysis or a recording is asked for. CodeBadConfig also for rules
// that do not carry out the view gate that the world forces.
func NewGate(world *policy.World, clock func() time.Time, opts Options) (*Gate, error) {
	if world == nil || clock == nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "make gate: it needs a world and a clock")
	}
	if opts.Rules == nil {
		rules, err := DefaultRules()
		if err != nil {
			return nil, err
		}
		opts.Rules = rules
	}
	if err := CheckViewGate(world, opts.Rules); err != nil {
		return nil, err
	}
	if opts.Language == "" {
		opts.Language = policy.Chinese
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gate{clock: clock, language: opts.Language, log: opts.Log, approvals: opts.Approvals, listeners: map[int]func(shouwang.CameraID){}}
	g.now.Store(newState(world, opts.Rules))
	return g, nil
}

// World returns the snapshot in force.
func (g *Gate) World() *policy.World { return g.now.Load().world }

// PolicySet returns the hash of the policy set in force.
func (g *Gate) PolicySet() string { return g.now.Load().rules.Hash() }

// Swap puts another snapshot in force and tells the listeners which cameras
// are concerned. Every decision that begins afterwards sees the new world.
func (g *Gate) Swap(world *policy.World) {
	g.mu.Lock()
	old := g.now.Load()
	next := newState(world, old.rules)
	g.now.Store(next)
	tell := g.listening()
	g.mu.Unlock()
	if next.unbound && !old.unbound {
		g.log.Error("THE POLICIES DO NOT CARRY OUT THE VIEW GATE; it is carried out without them", "mend", CheckViewGate(world, old.rules))
	}
	notify(tell, old.world.Changed(world))
}

// Update makes a new snapshot from the one in force and puts it in force; two
// updates never lose one another. An error of change leaves all as it was.
func (g *Gate) Update(change func(*policy.World) (*policy.World, error)) error {
	g.mu.Lock()
	old := g.now.Load()
	next, err := change(old.world)
	if err != nil {
		g.mu.Unlock()
		return err
	}
	g.now.Store(newState(next, old.rules))
	tell := g.listening()
	g.mu.Unlock()
	notify(tell, old.world.Changed(next))
	return nil
}

// SwapRules puts another policy set in force. Callers read it with ParseRules
// and keep the old one where that fails.
func (g *Gate) SwapRules(r *Rules) {
	g.mu.Lock()
	g.now.Store(newState(g.now.Load().world, r))
	tell := g.listening()
	g.mu.Unlock()
	g.log.Info("policy set in force", "hash", r.Hash(), "policies", r.Len())
	notify(tell, []shouwang.CameraID{""})
}

// OnChange has f called, from the goroutine that swaps, with each camera that
// a swap concerns, or once with "" where any camera may be concerned. f must
// not block and may ask the gate. The returned function ends it.
func (g *Gate) OnChange(f func(shouwang.CameraID)) (cancel func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := g.nextID
	g.nextID++
	g.listeners[id] = f
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.listeners, id)
	}
}

// Recheck tells the listeners that the camera's looks are to be judged anew for
// something that is not of the world: an approval that was taken back.
func (g *Gate) Recheck(camera shouwang.CameraID) {
	g.mu.Lock()
	tell := g.listening()
	g.mu.Unlock()
	notify(tell, []shouwang.CameraID{camera})
}

func (g *Gate) listening() []func(shouwang.CameraID) {
	out := make([]func(shouwang.CameraID), 0, len(g.listeners))
	for _, f := range g.listeners {
		out = append(out, f)
	}
	return out
}

func notify(tell []func(shouwang.CameraID), cameras []shouwang.CameraID) {
	for _, camera := range cameras {
		for _, f := range tell {
			f(camera)
		}
	}
}

// newDecisionID returns 128 random bits: unique, not secret.
func newDecisionID() string {
	const zeros = "0000000000000000"
	a, b := strconv.FormatUint(rand.Uint64(), 16), strconv.FormatUint(rand.Uint64(), 16)
	return "d-" + zeros[len(a):] + a + zeros[len(b):] + b
}
