using System.Diagnostics;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Users;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.Audit;

/// <summary>
/// Writes the audit log. An entry joins the caller's transaction: it commits with the change or not at all. Who acted, through what and
/// from where comes from the request.
/// </summary>
internal sealed class AuditTrail(AccountsDb db, IHttpContextAccessor contexts, ClientAddress addresses, TimeProvider clock)
{
    private const int LongestSubject = 200;
    private const int LongestBrowser = 200;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private Guid? _actorId;
    private string? _via;
    private AuditOrigin? _origin;

    /// <summary>Where the request comes from. All null outside one.</summary>
    public AuditOrigin Origin => _origin ?? OriginOf(contexts.HttpContext);

    /// <summary>Names who acts in the rest of this scope where the request does not: at sign-in, or by a key.</summary>
    /// <param name="actorId">The user; null for none.</param>
    /// <param name="via">Such as the public id of a key; null for what the request came through.</param>
    public void ActAs(Guid? actorId, string? via = null) => (_actorId, _via) = (actorId, via ?? _via);

    /// <summary>Names the origin of a browser's request that the outbox carries out later.</summary>
    public void ComesFrom(AuditOrigin? origin) => (_origin, _via) = (origin, AuditVia.Session);

    /// <summary>Adds an entry. The caller saves it.</summary>
    /// <param name="action"><c>object.verb</c>, such as <c>key.revoke</c>.</param>
    /// <param name="subject">Id or name of the object, never a secret; cut after 200 characters.</param>
    /// <param name="organizationId">Null for an action that concerns no organization.</param>
    /// <param name="before">Values that change as they were; becomes a JSON object. Never a secret.</param>
    /// <param name="after">The same members as they are now.</param>
    /// <param name="actorId">The user; null for the one of the request.</param>
    public void Add(
        string action, string subject, Guid? organizationId = null, object? before = null, object? after = null, Guid? actorId = null)
    {
        var (context, origin) = (contexts.HttpContext, Origin);
        var signedIn = Guid.TryParse(context?.User.FindFirstValue(ClaimTypes.NameIdentifier), out var userId) ? userId : (Guid?)null;
        db.AuditEntries.Add(new AuditEntry
        {
            At = clock.GetUtcNow(),
            OrganizationId = organizationId,
            ActorId = actorId ?? _actorId ?? signedIn,
            OperatorId = Roles.AreOperators(context?.GetEndpoint()) ? signedIn : null,
            Via = _via ?? ViaOf(context),
            Address = origin.Address,
            Browser = origin.Browser,
            Trace = origin.Trace,
            Action = action,
            Subject = Cut(subject, LongestSubject),
            Before = before is null ? null : JsonSerializer.Serialize(before, Json),
            After = after is null ? null : JsonSerializer.Serialize(after, Json),
        });
    }

    /// <summary>
    /// Adds an entry about an account to the log of each of its organizations; to that of the installation for an account without one.
    /// </summary>
    /// <param name="subject">What it is about; null for the account itself.</param>
    /// <param name="actorId">The user; null for the one of the request.</param>
    public async Task AddForAccountAsync(
        string action, Guid userId, CancellationToken cancellationToken, string? subject = null, object? after = null, Guid? actorId = null)
    {
        using var all = db.ForAll(); // An account is no organization's.
        db.SaveForAll();
        var organizations = await db.Database.SqlQuery<Guid>(
            $"select organization_id as \"Value\" from accounts.memberships where user_id = {userId} order by organization_id")
            .ToListAsync(cancellationToken);
        foreach (var organization in organizations.Select(id => (Guid?)id).DefaultIfEmpty())
        {
            Add(action, subject ?? userId.ToString(), organization, after: after, actorId: actorId);
        }
    }

    /// <summary>
    /// Does the same for an address that somebody typed. The work does not depend on whether it has an account. An unknown address is
    /// kept as the start of a hash: it may be a typo, or a password in the wrong field.
    /// </summary>
    public async Task AddForAddressAsync(string action, string email, CancellationToken cancellationToken, object? after = null)
    {
        var name = email.Normalize().ToUpperInvariant();
        using var all = db.ForAll();
        db.SaveForAll();
        var accounts = await db.Database.SqlQuery<AccountOrganization>(
            $"""
            select u.id as "UserId", m.organization_id as "OrganizationId"
            from accounts.users u left join accounts.memberships m on m.user_id = u.id
            where u.normalized_email = {name} order by m.organization_id
            """).ToListAsync(cancellationToken);
        var unknown = "unknown " + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..12];
        foreach (var account in accounts.DefaultIfEmpty())
        {
            Add(action, account?.UserId.ToString() ?? unknown, account?.OrganizationId, after: after);
        }
    }

    private AuditOrigin OriginOf(HttpContext? context)
    {
        if (context is null)
        {
            return new AuditOrigin(null, null, null);
        }

        var browser = context.Request.Headers.UserAgent.ToString();
        return new AuditOrigin(
            addresses.Of(context)?.ToString(), browser.Length == 0 ? null : Cut(browser, LongestBrowser),
            Activity.Current?.TraceId.ToHexString());
    }

    private static string ViaOf(HttpContext? context) => context is null ? AuditVia.Service
        : context.GetEndpoint()?.Metadata.GetMetadata<InternalCallers>() is not { } callers ? AuditVia.Session
        : callers.Names is ["operator"] ? AuditVia.CommandLine : AuditVia.Service;

    private static string Cut(string text, int length) => text.Length > length ? text[..length] : text;

    private sealed record AccountOrganization(Guid UserId, Guid? OrganizationId);
}

/// <summary>Where a request comes from.</summary>
/// <param name="Address">The client's address.</param>
/// <param name="Browser">The User-Agent header, at most 200 characters.</param>
/// <param name="Trace">Id of the trace, 32 hex digits.</param>
internal sealed record AuditOrigin(string? Address, string? Browser, string? Trace);
