namespace Tollgate.Accounts.AdminApi;

/// <summary>A kind of object as its ids show it: a prefix, and 32 hex digits that never change.</summary>
/// <param name="What">Such as <c>project</c>, for errors.</param>
internal sealed record AdminIds(string Prefix, string What)
{
    public static readonly AdminIds Project = new("proj_", "project");
    public static readonly AdminIds User = new("user-", "user");
    public static readonly AdminIds Account = new("svc_acct_", "service account");
    public static readonly AdminIds Key = new("key_", "key");
    public static readonly AdminIds RateLimit = new("rl-", "rate limit");
    public static readonly AdminIds Invite = new("invite-", "invitation");
    public static readonly AdminIds Role = new("role_", "role");
    public static readonly AdminIds Alert = new("alert_", "spend alert");

    public string Of(Guid id) => $"{Prefix}{id:N}";

    /// <summary>Null for a text that is no such id.</summary>
    public Guid? Find(string? text) => text is not null && text.StartsWith(Prefix, StringComparison.Ordinal)
        && Guid.TryParseExact(text[Prefix.Length..], "N", out var id) && Of(id) == text ? id : null;
}
