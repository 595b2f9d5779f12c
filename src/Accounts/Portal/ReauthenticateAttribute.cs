namespace Tollgate.Accounts.Portal;

/// <summary>
/// Marks a page whose forms change keys, members, money or the account. A form sent in a session that has not proved a factor within
/// <c>Sessions:FreshFor</c> first leads to the page that asks for one, which sends the form on afterwards.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class ReauthenticateAttribute : Attribute
{
    /// <summary>Whether the page itself needs the proof too, because it shows a secret. Default false.</summary>
    public bool AlsoToRead { get; init; }
}
