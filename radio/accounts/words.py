"""What Flask-Security says, in the words of this house. Our translations hold them like every other text."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802  # the name by which gettext's tools find a text that is translated later
    """Mark a text for translation."""
    return text


_FAULTS = {
    "API_ERROR": N_("That did not arrive whole. Nothing is lost. Please try again."),
    "DISABLED_ACCOUNT": N_("You are on a break. Any steward can welcome you back."),
    "INVALID_PASSWORD": N_("That is not your password. Try again."),
    "PASSWORD_NOT_PROVIDED": N_("Type your password."),
    "PASSWORD_IS_THE_SAME": N_("That is the password you have now. Choose another."),
    "INVALID_REDIRECT": N_("That page is not on this station."),
    "WEBAUTHN_EXPIRED": N_("That took longer than %(within)s. Nothing is lost. Please start again."),
    "WEBAUTHN_NAME_REQUIRED": N_("Give it a name, so that you know which one it is."),
    "WEBAUTHN_NAME_INUSE": N_("You have a passkey called %(name)s already. Choose another name."),
    "WEBAUTHN_NAME_NOT_FOUND": N_("You have no passkey called %(name)s."),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": N_("This passkey is in use already."),
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": N_("This station does not know that passkey. Use another, or your password."),
    "WEBAUTHN_NO_VERIFY": N_("That passkey could not be checked. Try again, or use your password."),
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": N_("That passkey is for something else. Use another, or your password."),
    "WEBAUTHN_MISMATCH_USER_HANDLE": N_("That passkey belongs to somebody else."),
}
_GOOD = {
    "PASSWORD_CHANGE": N_("Your password is changed. Your other devices are signed out."),
    "REAUTHENTICATION_SUCCESSFUL": N_("Thank you."),
    "WEBAUTHN_REGISTER_SUCCESSFUL": N_("“%(name)s” is added."),
    "WEBAUTHN_CREDENTIAL_DELETED": N_("“%(name)s” is removed. It does not sign you in any more."),
}


def messages() -> dict[str, tuple[str, str]]:
    """Flask-Security's settings for what it tells people: (text, `fault` or `good`)."""
    told = {f"SECURITY_MSG_{name}": (text, "fault") for name, text in _FAULTS.items()}
    return told | {f"SECURITY_MSG_{name}": (text, "good") for name, text in _GOOD.items()}
