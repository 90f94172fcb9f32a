// Package session is how people come and go: sign in with a name and a password,
// show a second factor, change the password, sign out. Who somebody is and what
// a password must be is package auth's; signing in elsewhere is package oidc's.
package session
