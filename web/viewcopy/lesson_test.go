package viewcopy

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"shouwang"
)

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

// reel is a run of pictures, five a second, a key picture a second.
type reel struct {
	n, of int
	fails error
}

func (r *reel) Next(context.Context) (*shouwang.AccessUnit, error) {
	if r.n == r.of {
		if r.fails != nil {
			return nil, r.fails
		}
		return nil, io.EOF
	}
	at := time.Duration(r.n) * 200 * time.Millisecond
	au := &shouwang.AccessUnit{
		PTS: 90_000 + shouwang.MediaTimeOf(at), DTS: 90_000 + shouwang.MediaTimeOf(at), Key: r.n%5 == 0,
		Wall: shouwang.WallStamp{At: noon.Add(at)}, Data: []byte{byte(r.n)},
	}
	r.n++
	return au, nil
}

func (r *reel) Close() {}

// TestTheLessonComesBeforeTheRun: key pictures two seconds apart, the last first,
// in media time that goes on without a jump; then every picture as it was.
func TestTheLessonComesBeforeTheRun(t *testing.T) {
	for _, seconds := range []int{3, 16, 17, 60} {
		run, err := teach(t.Context(), &reel{of: 5 * seconds})
		if err != nil {
			t.Fatal(err)
		}
		var last *shouwang.AccessUnit
		lesson, shown := 0, 0
		for {
			au, err := run.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if last != nil && (au.PTS <= last.PTS || au.PTS-last.PTS > shouwang.MediaTimeOf(2*lessonStep)) {
				t.Fatalf("%d s: media time goes from %d to %d", seconds, last.PTS, au.PTS)
			}
			last = au
			if run.shows(au) {
				if want := 90_000 + shouwang.MediaTimeOf(time.Duration(shown)*200*time.Millisecond); au.PTS != want || int(au.Data[0]) != shown%256 {
					t.Fatalf("%d s: picture %d is %v at %d, want %d", seconds, shown, au.Data, au.PTS, want)
				}
				shown++
				continue
			}
			if !au.Key || shown > 0 {
				t.Fatalf("%d s: %+v is in the lesson", seconds, au)
			}
			lesson++
		}
		want := (min(seconds, 41) + 1) / 2
		if want < lessonLeast {
			want = 0
		}
		if lesson != want || run.whole() != (want > 0) || shown != 5*seconds {
			t.Errorf("%d s: a lesson of %d pictures, want %d; %d shown of %d", seconds, lesson, want, shown, 5*seconds)
		}
	}
}

func TestARunThatTeachesNothing(t *testing.T) {
	run, err := teach(t.Context(), &reel{of: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if au, err := run.Next(t.Context()); err != nil || !run.shows(au) {
			t.Errorf("picture %d: %v", i, err)
		}
	}
	if _, err := run.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("its end: %v", err)
	}
	gone := shouwang.Errorf(shouwang.CodeKeyDestroyed, "gone")
	if _, err := teach(t.Context(), &reel{of: 7, fails: gone}); !errors.Is(err, gone) {
		t.Errorf("a run that fails on the way: %v", err)
	}
}
