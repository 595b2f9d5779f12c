namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Why a sign-in through a provider was refused. Its name stands in the address of the page that explains it.</summary>
internal enum SignInFault
{
    /// <summary>No trip of this browser: too late, another browser, or the answer was sent twice.</summary>
    Expired,

    /// <summary>The person or the provider said no.</summary>
    Denied,

    /// <summary>The provider is away, not set up, or answered against the protocol.</summary>
    Provider,

    /// <summary>The provider states no address, or one that it does not call verified.</summary>
    NotVerified,

    /// <summary>The address is of a domain that the organization has not captured.</summary>
    NotCaptured,

    /// <summary>The organization takes no unknown people, and has not invited this one.</summary>
    NotMember,

    /// <summary>The address's account belongs to another identity of the same provider.</summary>
    OtherIdentity,

    /// <summary>The account runs this installation: an organization's provider must not open it.</summary>
    Operator,

    /// <summary>Too many attempts.</summary>
    Limited,
}

/// <summary>What people read about faults.</summary>
internal static class SignInFaults
{
    public static string Explain(this SignInFault fault) => fault switch
    {
        SignInFault.Expired =>
            "This sign-in was not begun in this browser, or more than 15 minutes ago. Begin it once more.",
        SignInFault.Denied => "Your organization's provider did not sign you in.",
        SignInFault.Provider =>
            "Your organization's provider could not be used. Whoever runs it finds the reason in the organization's audit log.",
        SignInFault.NotVerified =>
            "Your organization's provider does not state that it has verified your e-mail address (claims email and email_verified).",
        SignInFault.NotCaptured => "Your e-mail address is of a domain that the organization has not proved to be its own.",
        SignInFault.NotMember => "You are not a member of this organization. Ask its owner for an invitation.",
        SignInFault.OtherIdentity =>
            "The account with your e-mail address belongs to another identity at your organization's provider. "
            + "Sign in to it by password, and remove that identity under Linked identities.",
        SignInFault.Operator => "An account of this installation's operator signs in by password.",
        _ => "Too many attempts from your network. Wait a minute.",
    };
}
