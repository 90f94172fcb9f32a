package main

import (
	"context"
	"fmt"
	"time"

	"shouwang"
	"shouwang/storage/registry"
)

type userKeyCmd struct {
	List   userKeyListCmd   `cmd:"" help:"List an account's passkeys."`
	Remove userKeyRemoveCmd `cmd:"" help:"Remove passkeys of an account, at once; ends its sessions."`
}

type userKeyListCmd struct {
	dataFlags
	Login string `arg:"" help:"Sign-in name."`
	JSON  bool   `name:"json" help:"JSON Lines."`
}

// Run lists the keys; what they are made of opens nothing and is not shown.
func (c userKeyListCmd) Run(ctx context.Context, a app) error {
	return c.withRegistry(ctx, a, func(r *registry.Registry) error {
		if _, err := r.Account(ctx, c.Login); err != nil {
			return err
		}
		keys, err := r.Passkeys(ctx, c.Login)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if c.JSON {
				err = jsonLine(a.out, map[string]any{
					"id": k.ID, "name": k.Name, "site": k.Site, "backed_up": k.BackedUp, "count": k.Count, "created": k.Created, "used": used(&k),
				})
			} else {
				_, err = fmt.Fprintf(a.out, "%s  %s  at %s  set up %s\n", k.ID, k.Name, k.Site, k.Created.Local().Format(time.DateTime))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// used is when a key was last used, nil for never.
func used(k *shouwang.Passkey) *time.Time {
	if k.Used.IsZero() {
		return nil
	}
	return &k.Used
}

type userKeyRemoveCmd struct {
	dataFlags
	Login string   `arg:"" help:"Sign-in name."`
	ID    []string `arg:"" optional:"" help:"Ids of the keys, as list prints them."`
	All   bool     `help:"All of them."`
}

// Run removes keys; each is noted with who did it.
func (c userKeyRemoveCmd) Run(ctx context.Context, a app) error {
	if c.All == (len(c.ID) > 0) {
		return usage("write the ids that \"shouwang user key list %s\" prints, or --all", c.Login)
	}
	return c.withRegistry(ctx, a, func(r *registry.Registry) error {
		if _, err := r.Account(ctx, c.Login); err != nil {
			return err
		}
		ids := c.ID
		if c.All {
			keys, err := r.Passkeys(ctx, c.Login)
			if err != nil {
				return err
			}
			for _, k := range keys {
				ids = append(ids, k.ID)
			}
		}
		for _, id := range ids {
			if err := r.RemovePasskey(atMachine(ctx, fmt.Sprintf("user key remove %s: %.12s", c.Login, id)), c.Login, id, ""); err != nil {
				return err
			}
			if _, err := fmt.Fprintf(a.out, "removed %s of %s\n", id, c.Login); err != nil {
				return err
			}
		}
		return nil
	})
}
