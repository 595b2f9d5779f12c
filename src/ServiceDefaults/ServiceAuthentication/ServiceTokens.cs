using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Tollgate.ServiceDefaults.ServiceAuthentication;

/// <summary>Settings of calls between services. Section <c>Cluster</c>.</summary>
public sealed class ClusterOptions
{
    public const string Section = "Cluster";

    /// <summary>
    /// The service's own bearers, usually set through <c>TOLLGATE__Cluster__Bearers_FILE</c>; see <see cref="ServiceBearers"/>. A service
    /// does not start if a bearer that it sends or accepts is missing.
    /// </summary>
    public string Bearers { get; init; } = "";
}

/// <summary>Sends this service's bearers and checks those of its callers.</summary>
public sealed class ServiceTokens
{
    private readonly ServiceBearers _bearers;

    /// <exception cref="OptionsValidationException">The setting is missing or cannot be read.</exception>
    public ServiceTokens(IOptions<ClusterOptions> options)
    {
        if (string.IsNullOrWhiteSpace(options.Value.Bearers))
        {
            throw Refuse("is not set: it holds what this service sends to others and accepts from them");
        }

        try
        {
            _bearers = ServiceBearers.Parse(options.Value.Bearers);
        }
        catch (FormatException exception)
        {
            throw Refuse(exception.Message);
        }
    }

    /// <summary>Returns the bearer that this service sends to <paramref name="callee"/>.</summary>
    /// <exception cref="OptionsValidationException">The file has none.</exception>
    public string For(string callee) =>
        _bearers.To(callee) ?? throw Refuse($"has no line 'send {callee} …', and this service calls {callee}");

    /// <summary>Whether the request's bearer belongs to one of <paramref name="callers"/>.</summary>
    public bool MayCall(HttpRequest request, params IReadOnlyList<string> callers)
    {
        const string Scheme = "Bearer ";
        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && callers.Any(caller => _bearers.Accepts(authorization.AsSpan(Scheme.Length), caller));
    }

    /// <exception cref="OptionsValidationException">The file has no hash of one of <paramref name="callers"/>.</exception>
    internal void RequireKnown(IEnumerable<string> callers)
    {
        if (callers.FirstOrDefault(caller => !_bearers.Knows(caller)) is { } unknown)
        {
            throw Refuse($"has no line 'accept {unknown} …', and {unknown} calls this service");
        }
    }

    private static OptionsValidationException Refuse(string fault) =>
        new(ClusterOptions.Section, typeof(ClusterOptions), [$"Cluster:Bearers {fault}. Is this the bearer file of this service?"]);
}
