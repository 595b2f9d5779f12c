using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.SingleSignOn;
using Tollgate.Accounts.Users;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Federation;

/// <summary>Leads browsers to an organization's provider and takes their answers (authorization code flow with PKCE).</summary>
internal sealed partial class FederatedSignIn(
    AccountsDb db, ProviderDirectory directory, CodeExchange exchange, FederatedAccounts accounts, AuditTrail audit,
    ILogger<FederatedSignIn> logger)
{
    /// <summary>Begins a sign-in. Returns the address at the provider, and the trip for the browser's cookie.</summary>
    /// <param name="hint">Address that the person has typed; null for none.</param>
    public async Task<(string? Url, SignInTrip? Trip)> BeginAsync(
        Guid organizationId, string? hint, string? returnUrl, string redirectUrl, CancellationToken cancellationToken)
    {
        db.Scope = OrganizationScope.Of(organizationId); // Named by the address, before anybody is signed in.
        if (await FindProviderAsync(organizationId, cancellationToken) is not { } provider)
        {
            return (null, null);
        }

        try
        {
            var known = await directory.FindAsync(provider.Issuer, cancellationToken);
            var trip = SignInTrip.Start(organizationId, returnUrl);
            return (QueryHelpers.AddQueryString(known.Metadata.AuthorizationEndpoint.AbsoluteUri, new Dictionary<string, string?>
            {
                ["response_type"] = "code",
                ["client_id"] = provider.ClientId,
                ["redirect_uri"] = redirectUrl,
                ["scope"] = "openid email profile",
                ["state"] = trip.State,
                ["nonce"] = trip.Nonce,
                ["code_challenge"] = trip.CodeChallenge,
                ["code_challenge_method"] = "S256",
                ["login_hint"] = EmailDomain.Of(hint) is null ? null : hint,
            }.Where(pair => pair.Value is not null)), trip);
        }
        catch (ProviderFaultException fault)
        {
            await RecordFailureAsync(organizationId, SignInFault.Provider, fault.Message, cancellationToken);
            return (null, null);
        }
    }

    /// <summary>Takes the provider's answer. Returns whom it proves, or why nobody.</summary>
    public async Task<(User? User, SignInFault Fault)> CompleteAsync(
        SignInTrip trip, ProviderAnswer answer, string redirectUrl, CancellationToken cancellationToken)
    {
        db.Scope = OrganizationScope.Of(trip.OrganizationId);
        if (await FindProviderAsync(trip.OrganizationId, cancellationToken) is not { } provider)
        {
            return (null, SignInFault.Provider);
        }

        try
        {
            var known = await directory.FindAsync(provider.Issuer, cancellationToken);
            if (answer.Issuer is { } issuer ? issuer != provider.Issuer : known.Metadata.StatesIssuer)
            {
                throw new ProviderFaultException($"The answer to the browser names the issuer '{answer.Issuer}'.");
            }

            if (answer.Code is not { Length: > 0 } code)
            {
                await RecordFailureAsync(
                    trip.OrganizationId, SignInFault.Denied, $"The provider answered {answer.Error ?? "without a code"}.",
                    cancellationToken);
                return (null, SignInFault.Denied);
            }

            var claims = await exchange.ExchangeAsync(provider, known, trip, code, redirectUrl, cancellationToken);
            var (user, fault) = await accounts.FindAsync(provider, claims, cancellationToken);
            if (user is null)
            {
                await RecordFailureAsync(trip.OrganizationId, fault, fault.Explain(), cancellationToken);
                return (null, fault);
            }

            audit.ActAs(user.Id, "single sign-on");
            return (user, default);
        }
        catch (ProviderFaultException fault)
        {
            await RecordFailureAsync(trip.OrganizationId, SignInFault.Provider, fault.Message, cancellationToken);
            return (null, SignInFault.Provider);
        }
    }

    private Task<IdentityProvider?> FindProviderAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.IdentityProviders.AsNoTracking().SingleOrDefaultAsync(p => p.OrganizationId == organizationId, cancellationToken);

    /// <summary>Tells the organization why: its people cannot see our log, and the browser learns only the kind.</summary>
    private async Task RecordFailureAsync(Guid organizationId, SignInFault fault, string reason, CancellationToken cancellationToken)
    {
        LogRefused(logger, organizationId, fault, reason);
        db.ChangeTracker.Clear(); // What the refused sign-in had changed is not saved.
        audit.Add("session.fail", organizationId.ToString(), organizationId, after: new { Fault = fault, reason, Via = "single sign-on" });
        await db.SaveChangesAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Information, "Sign-in through the provider of {OrganizationId} refused: {Fault}. {Reason}")]
    private static partial void LogRefused(ILogger logger, Guid organizationId, SignInFault fault, string reason);
}

/// <summary>A provider's answer in the browser's address.</summary>
/// <param name="Issuer">RFC 9207; null where the provider states none.</param>
/// <param name="Error">Such as <c>access_denied</c>.</param>
internal sealed record ProviderAnswer(string? Code, string? Issuer, string? Error)
{
    public static ProviderAnswer Of(IQueryCollection query) =>
        new(One(query, "code"), One(query, "iss"), Cut(One(query, "error")));

    /// <summary>A parameter that comes twice is none.</summary>
    public static string? One(IQueryCollection query, string name) => query[name] is [{ Length: <= 4000 } value] ? value : null;

    private static string? Cut(string? text) => text is { Length: > 100 } ? text[..100] : text;
}
