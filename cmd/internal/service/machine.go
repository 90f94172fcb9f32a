package service

import (
	"context"
	"fmt"

	"shouwang/policy"
	"shouwang/storage/ledger"
	"shouwang/web/machine"
)

// machineLog reads what was done at the machine, for web.
type machineLog struct{ ledger *ledger.Ledger }

// MachineActs returns such entries of the access log, newest first.
func (m machineLog) MachineActs(ctx context.Context, before uint64, limit int) ([]machine.Entry, error) {
	found, err := m.ledger.Entries(ctx, ledger.Query{Kinds: []string{policy.KindMachine}, Before: before, Limit: limit})
	out := make([]machine.Entry, len(found))
	for i, e := range found {
		out[i] = machine.Entry{Index: e.Index, Entry: e.Entry}
	}
	return out, err
}

// logMachineActs writes what was done with commands at the machine into the access
// log, in order; what the log does not take waits for the next change or start.
func (s *Service) logMachineActs(ctx context.Context) error {
	acts, err := s.node.registry.MachineActs(ctx, true, 1000)
	if err != nil {
		return err
	}
	for _, a := range acts {
		_, err := s.ledger.Append(ctx, policy.Entry{
			At: a.At, Kind: policy.KindMachine, Principal: "machine:" + a.Who, Decision: "allow", Detail: a.Act + "; " + a.ID,
		})
		if err != nil {
			return fmt.Errorf("log what was done at the machine: %w", err)
		}
		if err := s.node.registry.MachineActLogged(ctx, a.ID); err != nil {
			return err
		}
		s.log.Warn("DONE AT THE MACHINE, by one person alone", "who", a.Who, "act", a.Act)
	}
	return nil
}
