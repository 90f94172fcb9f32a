package policy

import (
	"cmp"
	"slices"
)

// The reasons of an allowed request.
const (
	ReasonConsent        Reason = "consent"
	ReasonIncident       Reason = "incident"
	ReasonFiling         Reason = "department_filing"
	ReasonWall           Reason = "wall"
	ReasonCase           Reason = "case"
	ReasonOrder          Reason = "statutory_order"
	ReasonSubjectRequest Reason = "subject_request"
	ReasonOwnCamera      Reason = "own_camera"
	ReasonAccessLog      Reason = "access_log"
	ReasonCell           Reason = "neighbour_cell"
	ReasonViewGate       Reason = "view_gate"
	ReasonMayInvite      Reason = "may_invite"
)

// The reasons of a denied request.
const (
	ReasonError             Reason = "evaluation_error"
	ReasonBadRequest        Reason = "bad_request"
	ReasonUnknownPrincipal  Reason = "unknown_principal"
	ReasonUnknownAction     Reason = "unknown_action"
	ReasonUnknownResource   Reason = "unknown_resource"
	ReasonNotApplicable     Reason = "not_applicable"
	ReasonForbiddenAction   Reason = "forbidden_action"
	ReasonNeverAPicture     Reason = "never_a_picture"
	ReasonKeyDestroyed      Reason = "key_destroyed"
	ReasonKeyFrozen         Reason = "key_frozen"
	ReasonKeyHeld           Reason = "key_held"
	ReasonKeyClosed         Reason = "key_closed"
	ReasonNotRecorded       Reason = "not_recorded" // there is no footage of that time, and was none
	ReasonConsentWithdrawn  Reason = "consent_withdrawn"
	ReasonConsentRefused    Reason = "consent_refused"
	ReasonConsentRequested  Reason = "consent_not_answered"
	ReasonConsentExpired    Reason = "consent_expired"
	ReasonConsentPaused     Reason = "consent_paused"
	ReasonConsentTerminated Reason = "consent_terminated"
	ReasonConsentInvalid    Reason = "consent_invalidated"
	ReasonConsentNotYet     Reason = "consent_not_yet"
	ReasonNoConsent         Reason = "no_consent"
	ReasonNoValidConsent    Reason = "no_valid_consent"
	ReasonNotFiled          Reason = "not_filed"
	ReasonPurpose           Reason = "purpose_not_listed"
	ReasonPurposeLimit      Reason = "purpose_not_agreed"
	ReasonSlot              Reason = "outside_slot"
	ReasonMode              Reason = "mode_not_agreed"
	ReasonAudience          Reason = "audience_not_agreed"
	ReasonArea              Reason = "area_not_agreed"
	ReasonOrderScope        Reason = "order_does_not_cover"
	ReasonSubjectScope      Reason = "subject_request_does_not_cover"
	ReasonNoGround          Reason = "no_ground"
	ReasonIncidentFar       Reason = "incident_does_not_count"
	ReasonNoCase            Reason = "no_case"
	ReasonCaseNotOpen       Reason = "case_not_open"
	ReasonNotCaseMember     Reason = "not_case_member"
	ReasonNoSecondPerson    Reason = "no_second_person"
	ReasonSecondNotFree     Reason = "second_person_not_independent"
	ReasonSecondUnapproved  Reason = "second_person_did_not_approve"
	ReasonSecondOtherForm   Reason = "second_person_approved_other_form" // veiled copy and original, of an export
	ReasonSecondFactor      Reason = "second_factor_stale"
	ReasonJurisdiction      Reason = "outside_jurisdiction"
	ReasonHomeGrid          Reason = "home_grid_conflict"
	ReasonHomeUnknown       Reason = "home_grid_unknown"
	ReasonOffDuty           Reason = "off_duty"
	ReasonUnattended        Reason = "kiosk_unattended"
	ReasonQuarantined       Reason = "camera_quarantined"
	ReasonViewNotApproved   Reason = "view_not_approved"
	ReasonNoSign            Reason = "no_sign"
	ReasonMount             Reason = "unlawful_mount"
	ReasonUnfit             Reason = "camera_unfit"
	ReasonTooLong           Reason = "clip_too_long"
	ReasonLookback          Reason = "too_far_back"
	ReasonTooManyLooks      Reason = "too_many_looks"
	ReasonLimit             Reason = "over_limit"
	ReasonBadTime           Reason = "bad_time"
	ReasonKioskLiveOnly     Reason = "kiosk_live_only"
	ReasonNotOwner          Reason = "not_owner"
	ReasonRole              Reason = "role_not_enough"
	ReasonNoRule            Reason = "no_rule"
)

// The reasons why footage may, or may no longer, exist.
const (
	ReasonWithinRetention Reason = "within_retention"
	ReasonStatutoryPeriod Reason = "statutory_period"
	ReasonOnHold          Reason = "on_hold"
	ReasonRetentionOver   Reason = "retention_over"
)

// reasonOrder lists all reasons, the most telling first: that is the order in
// which a denial gives them.
var reasonOrder = []Reason{
	ReasonError, ReasonBadRequest, ReasonUnknownPrincipal, ReasonUnknownAction, ReasonUnknownResource,
	ReasonForbiddenAction, ReasonNeverAPicture, ReasonKeyDestroyed,
	ReasonConsentWithdrawn, ReasonConsentRefused, ReasonConsentTerminated, ReasonConsentInvalid, ReasonConsentExpired,
	ReasonConsentPaused, ReasonConsentRequested, ReasonConsentNotYet, ReasonPurpose, ReasonPurposeLimit,
	ReasonNoConsent, ReasonNoValidConsent, ReasonNotFiled, ReasonOrderScope, ReasonSubjectScope,
	ReasonKioskLiveOnly, ReasonNotOwner, ReasonMode, ReasonSlot, ReasonAudience, ReasonArea,
	ReasonJurisdiction, ReasonHomeGrid, ReasonHomeUnknown, ReasonOffDuty, ReasonUnattended,
	ReasonCaseNotOpen, ReasonNotCaseMember, ReasonNoCase, ReasonIncidentFar, ReasonNoGround,
	ReasonSecondNotFree, ReasonSecondOtherForm, ReasonSecondUnapproved, ReasonNoSecondPerson, ReasonSecondFactor,
	ReasonKeyFrozen, ReasonKeyHeld, ReasonKeyClosed, ReasonNotRecorded, ReasonQuarantined, ReasonViewNotApproved, ReasonMount, ReasonNoSign, ReasonUnfit,
	ReasonTooLong, ReasonLookback, ReasonTooManyLooks, ReasonLimit, ReasonBadTime,
	ReasonRole, ReasonNotApplicable, ReasonNoRule,
	ReasonIncident, ReasonConsent, ReasonFiling, ReasonWall, ReasonCase, ReasonOrder, ReasonSubjectRequest,
	ReasonOwnCamera, ReasonAccessLog, ReasonCell, ReasonViewGate, ReasonMayInvite,
	ReasonOnHold, ReasonStatutoryPeriod, ReasonWithinRetention, ReasonRetentionOver,
}

var reasonRank = rank(reasonOrder)

var obligationRank = rank([]ObligationID{
	ObligeMask, ObligeBlurPeople, ObligeBlurPlates, ObligeBlurOthers, ObligeWatermark, ObligeNoDownload,
	ObligeSupervised, ObligePackage, ObligeHold, ObligeNotifyOwner, ObligeNotifyDeferred, ObligeReport,
})

func rank[T comparable](list []T) map[T]int {
	m := make(map[T]int, len(list))
	for i, v := range list {
		m[v] = i
	}
	return m
}

// Reasons returns every reason there is, the most telling first.
func Reasons() []Reason { return slices.Clone(reasonOrder) }

// Known reports whether there is such a reason.
func (r Reason) Known() bool { _, ok := reasonRank[r]; return ok }

// Known reports whether there is such a duty.
func (o ObligationID) Known() bool { _, ok := obligationRank[o]; return ok }

// SortReasons sorts the list itself, the most telling first, and drops repetitions.
func SortReasons(list []Reason) []Reason {
	slices.SortFunc(list, func(a, b Reason) int { return cmp.Compare(reasonRank[a], reasonRank[b]) })
	return slices.Compact(list)
}

// SortObligations returns the duties in the order of their table, each once.
func SortObligations(list []ObligationID) []ObligationID {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b ObligationID) int { return cmp.Compare(obligationRank[a], obligationRank[b]) })
	return slices.Compact(list)
}
