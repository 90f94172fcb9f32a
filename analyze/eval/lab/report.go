package lab

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"shouwang/analyze/eval"
)

// Report prints what was measured as tables in Markdown.
func Report(w io.Writer, runs []Run) {
	var all []Event
	for _, r := range runs {
		all = append(all, r.Events...)
	}
	engines := slices.DeleteFunc(slices.Clone(Engines), func(name string) bool {
		_, ran := runs[0].False[name]
		return !ran
	})
	fmt.Fprintf(w, "\n%d events in %d films and encodings; counted are those 32 px and higher that last as long as the GOP and a second\n\n", len(all), len(runs))
	recall(w, runs, all, engines)
	bySize(w, all, engines)
	byFilm(w, runs, engines)
	byEncoding(w, runs)
	delays(w, all, engines)
	misses(w, all)
	falses(w, runs)
}

// share is k of n with its 95 % bound.
func share(k, n int) string {
	if n == 0 {
		return "-"
	}
	lo, _ := eval.ClopperPearson(k, n, 0.05)
	return fmt.Sprintf("%d of %d (%.1f %%, ≥ %.1f)", k, n, 100*float64(k)/float64(n), 100*lo)
}

func count(list []Event, ok func(*Event) bool) (n int) {
	for i := range list {
		if ok(&list[i]) {
			n++
		}
	}
	return n
}

func recall(w io.Writer, runs []Run, all []Event, engines []string) {
	fmt.Fprintln(w, "| engine | counted events found | all events found | of what every picture finds, counted | false events | an hour of quiet |\n|---|---|---|---|---|---|")
	counted := count(all, (*Event).Counted)
	for _, name := range engines {
		false_, quiet := 0, time.Duration(0)
		for _, r := range runs {
			false_ += len(r.False[name])
			quiet += r.Quiet
		}
		found := func(e *Event) bool { return e.Found[name] }
		paired := "-"
		if strings.HasPrefix(name, "ours") && name != Full {
			paired = share(count(all, func(e *Event) bool { return e.Counted() && e.Found[Full] && found(e) }), count(all, func(e *Event) bool { return e.Counted() && e.Found[Full] }))
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %d | %.1f |\n", name, share(count(all, func(e *Event) bool { return e.Counted() && found(e) }), counted),
			share(count(all, found), len(all)), paired, false_, float64(false_)/quiet.Hours())
	}
}

func bySize(w io.Writer, all []Event, engines []string) {
	var sizes []int
	for _, e := range all {
		if !slices.Contains(sizes, e.Truth.Tall) {
			sizes = append(sizes, e.Truth.Tall)
		}
	}
	slices.Sort(sizes)
	fmt.Fprint(w, "\n| found by height, px of 360 |")
	for _, s := range sizes {
		fmt.Fprintf(w, " %d |", s)
	}
	fmt.Fprintln(w, "\n|---|"+strings.Repeat("---|", len(sizes)))
	for _, name := range engines {
		fmt.Fprintf(w, "| %s |", name)
		for _, s := range sizes {
			n := count(all, func(e *Event) bool { return e.Truth.Tall == s })
			k := count(all, func(e *Event) bool { return e.Truth.Tall == s && e.Found[name] })
			lo, _ := eval.ClopperPearson(k, n, 0.05)
			fmt.Fprintf(w, " %d/%d (≥ %.0f %%) |", k, n, 100*lo)
		}
		fmt.Fprintln(w)
	}
}

// grouped adds up runs by a name.
func grouped(runs []Run, by func(*Run) string) (names []string, groups map[string][]Run) {
	groups = map[string][]Run{}
	for i := range runs {
		n := by(&runs[i])
		if groups[n] == nil {
			names = append(names, n)
		}
		groups[n] = append(groups[n], runs[i])
	}
	return names, groups
}

func byFilm(w io.Writer, runs []Run, engines []string) {
	fmt.Fprintln(w, "\n| scene, found / false | events | "+strings.Join(engines, " | ")+" |\n|---|---|"+strings.Repeat("---|", len(engines)))
	names, groups := grouped(runs, func(r *Run) string { return r.Film })
	for _, name := range names {
		n := 0
		found, false_ := map[string]int{}, map[string]int{}
		for _, r := range groups[name] {
			n += len(r.Events)
			for _, e := range engines {
				found[e] += count(r.Events, func(v *Event) bool { return v.Found[e] })
				false_[e] += len(r.False[e])
			}
		}
		fmt.Fprintf(w, "| %s | %d |", name, n)
		for _, e := range engines {
			fmt.Fprintf(w, " %d / %d |", found[e], false_[e])
		}
		fmt.Fprintln(w)
	}
}

func byEncoding(w io.Writer, runs []Run) {
	fmt.Fprintln(w, "\n| encoding | events | every picture | cascade | only every picture | false: every picture, cascade | policy | decoded |\n|---|---|---|---|---|---|---|---|")
	names, groups := grouped(runs, func(r *Run) string { return r.Encoding })
	for _, name := range names {
		var all []Event
		var full, auto int
		var units, decoded uint64
		for _, r := range groups[name] {
			all = append(all, r.Events...)
			full, auto = full+len(r.False[Full]), auto+len(r.False[Auto])
			units, decoded = units+r.Units, decoded+r.Decoded
		}
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d, %d | %s | %.0f %% |\n", name, len(all),
			count(all, func(e *Event) bool { return e.Found[Full] }), count(all, func(e *Event) bool { return e.Found[Auto] }),
			count(all, func(e *Event) bool { return e.Found[Full] && !e.Found[Auto] }), full, auto, groups[name][0].Policy, 100*float64(decoded)/float64(units))
	}
}

// delays prints the time from the first picture of an event to its being told,
// over all phases against the key frames that the films happen to have.
func delays(w io.Writer, all []Event, engines []string) {
	fmt.Fprintln(w, "\n| from picture to event, s | GOP | events | median | 90 % | 99 % | worst |\n|---|---|---|---|---|---|---|")
	for _, name := range engines {
		if !strings.HasPrefix(name, "ours") {
			continue
		}
		for _, gop := range []time.Duration{time.Second, 2 * time.Second} {
			var list []float64
			for i := range all {
				if e := &all[i]; e.GOP == gop && e.Found[name] && e.Counted() {
					list = append(list, max(0, e.Told[name].Seconds()))
				}
			}
			if len(list) == 0 {
				continue
			}
			slices.Sort(list)
			at := func(q float64) float64 { return list[min(len(list)-1, int(q*float64(len(list))))] }
			fmt.Fprintf(w, "| %s | %.0f s | %d | %.2f | %.2f | %.2f | %.2f |\n", name, gop.Seconds(), len(list), at(.5), at(.9), at(.99), list[len(list)-1])
		}
	}
}

func misses(w io.Writer, all []Event) {
	fmt.Fprintln(w, "\nmissed by the cascade (* counted):")
	for i := range all {
		e := &all[i]
		if e.Found[Auto] {
			continue
		}
		mark := " "
		if e.Counted() {
			mark = "*"
		}
		fmt.Fprintf(w, "%s %d px, %.1f s, GOP %.0f s, %s, %s, at %.1f s (%s): %s\n", mark, e.Truth.Tall, e.Lasts().Seconds(), e.GOP.Seconds(), e.Film, e.Encoding, e.Truth.From.Seconds(), e.Truth.Note, e.Cause)
	}
}

// falses prints every false event of ours.
func falses(w io.Writer, runs []Run) {
	for _, r := range runs {
		for _, name := range []string{Full, Auto} {
			for _, f := range r.False[name] {
				fmt.Fprintf(w, "false: %s, %s, %s: %.1f-%.1f s score %.2f\n", name, r.Film, r.Encoding, f.From.Seconds(), f.To.Seconds(), f.Score)
			}
		}
	}
}

// Places prints how our regions compare with pixel masks and with boxes, where
// the clips have them.
func Places(ctx context.Context, w io.Writer, cache string, clips []eval.Clip, only string) error {
	for _, c := range clips {
		if !strings.Contains(c.Name, only) {
			continue
		}
		switch {
		case strings.HasPrefix(c.Name, "cdnet_highway"):
			s, err := Masks(ctx, cache, c, 470, 1700)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "\n%s, pixel masks by cell, pictures 470-1700: precision %.3f, recall %.3f, F %.3f\n", c.Name, s.Precision(), s.Recall(), s.F())
		case strings.HasPrefix(c.Name, "vtest"):
			p, err := People(ctx, cache, c)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "\n%s, boxes: %d of %d people covered (%.3f), %d by a region of their own; %d of %d regions touch nobody\n",
				c.Name, p.Covered, p.Boxes, float64(p.Covered)/float64(max(1, p.Boxes)), p.Own, p.Empty, p.Regions)
		}
	}
	return nil
}
