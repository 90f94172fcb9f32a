package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"shouwang"
	"shouwang/cmd/internal/service"
	"shouwang/policy"
	"shouwang/storage/registry"
	"shouwang/web/people"
)

type userCmd struct {
	Add  userAddCmd  `cmd:"" help:"Add a person who may sign in; prints a first password."`
	List userListCmd `cmd:"" help:"List who may sign in."`
	Key  userKeyCmd  `cmd:"" help:"Passkeys: phones and security keys that sign in by touch."`
}

type userAddCmd struct {
	dataFlags
	ID           string   `arg:"" help:"Principal: officer:NAME, resident:NAME, kiosk:NAME or admin:NAME."`
	Name         string   `help:"Name that people read."`
	Login        string   `help:"Sign-in name; the part of ID after the colon when absent."`
	Unit         string   `help:"Unit the person works for."`
	Role         []string `help:"Roles of an officer."`
	Audience     []string `help:"Audiences the person belongs to."`
	Jurisdiction string   `help:"Place the person is responsible for."`
	Home         string   `help:"Building a resident lives in."`
	HomeGrid     string   `help:"Grid an officer lives in."`
	OnDuty       bool     `help:"The person is on duty."`
	Language     string   `default:"zh-CN" enum:"zh-CN,en" help:"Language of the pages."`
}

// Run adds the person, and an account with a first password.
func (c userAddCmd) Run(ctx context.Context, a app) error {
	p, err := c.principal()
	if err != nil {
		return err
	}
	login := c.Login
	if login == "" {
		_, login, _ = strings.Cut(c.ID, ":")
	}
	password := strings.ToLower(rand.Text()[:12])
	hash, err := service.HashPassword(ctx)(password)
	if err != nil {
		return err
	}
	return c.withRegistry(ctx, a, func(r *registry.Registry) error {
		if err := free(ctx, r, p, login); err != nil {
			return err
		}
		if err := r.PutPrincipal(atMachine(ctx, fmt.Sprintf("user add %s, roles %v", p.ID, p.Roles)), p); err != nil {
			return err
		}
		err := r.AddAccount(atMachine(ctx, fmt.Sprintf("user add %s, signs in as %s", p.ID, login)), shouwang.Account{
			Name: login, Principal: p.ID, PasswordHash: hash, PasswordSet: time.Now(), MustChange: true, Language: c.Language,
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "first password of %s (%s): %s\n", login, p.ID, password)
		return err
	})
}

// free refuses, before anything is written, what the page would refuse of such a
// person, and a sign-in name that is somebody's.
func free(ctx context.Context, r *registry.Registry, p policy.Principal, login string) error {
	world, err := r.World(ctx)
	if err != nil {
		return err
	}
	if p.Name == "" {
		p.Name = p.ID // who is added at the machine may be named later
	}
	if err := people.Check(world, &p); err != nil {
		return err
	}
	accounts, err := r.Accounts(ctx)
	for _, a := range accounts {
		if a.Name == login {
			return shouwang.Errorf(shouwang.CodeLoginTaken, "sign-in name %q is in use by %s; choose another with --login", login, a.Principal)
		}
	}
	return err
}

func (c userAddCmd) principal() (policy.Principal, error) {
	kind, rest, _ := strings.Cut(c.ID, ":")
	types := map[string]policy.PrincipalType{
		"officer": policy.TypeOfficer, "resident": policy.TypeResident, "kiosk": policy.TypeKiosk, "admin": policy.TypeAdministrator,
	}
	if types[kind] == "" || rest == "" {
		return policy.Principal{}, usage("person %q: write officer:NAME, resident:NAME, kiosk:NAME or admin:NAME", c.ID)
	}
	p := policy.Principal{
		ID: c.ID, Type: types[kind], Name: c.Name, Unit: c.Unit, Audiences: c.Audience,
		Jurisdiction: shouwang.PlaceID(c.Jurisdiction), Home: shouwang.PlaceID(c.Home),
		HomeGrid: shouwang.PlaceID(c.HomeGrid), OnDuty: c.OnDuty,
	}
	for _, role := range c.Role {
		p.Roles = append(p.Roles, policy.Role(role))
	}
	return p, nil
}

type userListCmd struct {
	dataFlags
	JSON bool `name:"json" help:"JSON Lines."`
}

// Run lists the accounts; hashes are not shown.
func (c userListCmd) Run(ctx context.Context, a app) error {
	return c.withRegister(ctx, a, func(r *registry.Registry) error {
		accounts, err := r.Accounts(ctx)
		if err != nil {
			return err
		}
		for _, acc := range accounts {
			if c.JSON {
				err = jsonLine(a.out, map[string]any{
					"login": acc.Name, "principal": acc.Principal, "must_change": acc.MustChange,
					"disabled": acc.Disabled, "language": acc.Language, "second_factor": acc.TOTPSecret != nil || acc.Passkeys > 0, "passkeys": acc.Passkeys,
				})
			} else {
				_, err = fmt.Fprintf(a.out, "%-16s %s\n", acc.Name, acc.Principal)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
