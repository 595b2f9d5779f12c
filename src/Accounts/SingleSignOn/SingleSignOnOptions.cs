using System.Net;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Sign-in through identity providers of organizations. Section <c>SingleSignOn</c>.</summary>
public sealed class SingleSignOnOptions
{
    public const string Section = "SingleSignOn";

    /// <summary>
    /// Whether a provider may use plain HTTP and addresses of private networks. For development, and for installations that trust every
    /// organization: a member who sets a provider makes Accounts send requests to it. Default false.
    /// </summary>
    public bool AllowPrivateProviders { get; init; }

    /// <summary>Name server that domains are proved with, <c>ADDRESS</c> or <c>ADDRESS:PORT</c>. Default: those of the system.</summary>
    public string? NameServer { get; init; }
}

/// <summary>Refuses a name server that cannot be read.</summary>
internal sealed class SingleSignOnOptionsValidator : IValidateOptions<SingleSignOnOptions>
{
    public ValidateOptionsResult Validate(string? name, SingleSignOnOptions options) =>
        options.NameServer is null || IPEndPoint.TryParse(options.NameServer, out _)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{SingleSignOnOptions.Section}:{nameof(options.NameServer)} is not ADDRESS or ADDRESS:PORT.");
}
