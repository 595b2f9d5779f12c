using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Revocation;

/// <summary>Something an owner or an operator does on a page, and what each gateway must say from then on.</summary>
/// <param name="Page">With <c>{0}</c> for the key's id.</param>
/// <param name="Mark">Something inside the form.</param>
/// <param name="Fill">Fills the form.</param>
/// <param name="Done">What the page says once Redis has acknowledged it.</param>
/// <param name="Post">Status and code of an inference request.</param>
/// <param name="Get">The same of <c>GET /v1/models</c>; null where it goes on as before.</param>
internal sealed record Change(
    string Name, string Page, string Mark, Func<HtmlForm, HtmlForm> Fill, string Done, (int Status, string Code) Post,
    (int Status, string Code)? Get)
{
    private const string InForce = "in force from the next request on";

    /// <summary>All that concern one key.</summary>
    public static readonly IReadOnlyList<Change> OfKeys =
    [
        new(
            "revoke", "/keys/{0}/revoke", "Revoke key", form => form, "Acknowledged",
            (401, "revoked_api_key"), (401, "revoked_api_key")),
        new(
            "disable", "/keys/{0}", "Disable", form => form, InForce,
            (401, "disabled_api_key"), (401, "disabled_api_key")),
        new(
            "rotate, no overlap", "/keys/{0}/rotate", "Rotate key", form => form.With("Input.OverlapHours", "0"),
            "refused from the next request on",
            (401, "invalid_api_key"), (401, "invalid_api_key")),
        new(
            "scopes", "/keys/{0}", "Input.Access.Scopes", form => form.With("Input.Access.Scopes", "embeddings"), InForce,
            (403, "missing_scope"), (403, "missing_scope")),
        new(
            "limit", "/keys/{0}", "Input.Limits[tpm]", form => form.With("Input.Limits[tpm]", "1"), InForce,
            (429, "rate_limit_exceeded"), null),
    ];

    /// <summary>Concerns every key of the organization whose id is put in for <c>{0}</c>.</summary>
    public static readonly Change Suspension = new(
        "suspend organization", "/admin/organizations/{0}/suspend", "Suspend organization", form => form, InForce,
        (403, "organization_suspended"), (403, "organization_suspended"));
}
