// Package gate is the machine that decides: it puts requests to the rules, in
// the world in force, and hands out what they allow as a Grant, which nobody
// else can make. The zero Grant covers nothing, and a nil Gate denies.
//
// The words of question and answer, and the world that is asked about, are
// package policy's. The rules are code: Cedar policies under rules, each with a
// comment.
//
// # How a request is judged
//
// The gate finds what the request names in the snapshot in force (newScene),
// says what the request rests on (consent, filing, order, a filmed person's
// request, owning the camera), and computes facts from the world and the time
// (weigh). Every fact is worded so that true helps, so that one that is lost can
// only refuse. Cedar sees the facts and nothing else; a verdict is remembered
// for each distinct set of them, so that a decision costs the same in a world
// of ten cameras and of ten thousand. A denial gives everything that failed,
// the most telling first.
//
// # What the design left open, and was decided here
//
//   - A department's camera is seen live, with faces and plates unreadable,
//     without a case by whoever is on duty in its jurisdiction; recorded
//     pictures of it, and a clear look, take a case like any others.
//   - Recorded pictures take an open case of which the officer is a member, a
//     member's superior, or an approver. A live view of a shared camera takes
//     such a case or an incident.
//   - An incident is a reason where it is active, of a type the owner agreed to
//     and within the radius agreed to; where the owner agreed to nothing of the
//     kind, inside the hours, any type within 1.3 km² (643 m).
//   - Outside the hours it opens the live view only, with mode incident, for
//     max_minutes from its beginning.
//   - Owners see their own camera, live and recorded, with purpose "own",
//     whatever is shared, quarantined or paused; it is logged. Only a key that
//     is not live stops them.
//   - Under a statutory order footage is exported, not browsed.
//   - The second factor must be shown within five minutes for export, clear
//     look and hold. An age of zero means that none was shown.
//   - An officer whose home grid is not known counts as living in every grid;
//     "-" says that they live in none of them.
//   - A clear look drops the blurring that the owner asked for as a minimum,
//     and nothing else of it.
//   - Searching finds times, kinds and places without a picture, so it takes no
//     case; holding shows nobody a picture, so it takes no consent.
//   - Motion analysis is the means of recording events: who agreed to event
//     clips agreed to it. Nothing is analysed for an owner who chose neither
//     event clips nor a kind of analytics.
//   - Recording that nobody specified is event clips of the main stream where
//     playback or export was agreed to, and nothing where it was not.
//   - A department's camera without a Filing counts as filed without an end.
//   - Footage under an expired consent lives out its days but nobody sees it;
//     withdrawn, terminated, invalidated or refused means erased, unless a hold or
//     an order in force reaches it.
package gate
