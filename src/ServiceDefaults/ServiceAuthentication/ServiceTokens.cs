using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Tollgate.ServiceDefaults.ServiceAuthentication;

/// <summary>Section <c>Cluster</c>.</summary>
public sealed class ClusterOptions
{
    public const string Section = "Cluster";

    /// <summary>
    /// The service's own bearers, usually by <c>TOLLGATE__Cluster__Bearers_FILE</c>: see <see cref="ServiceBearers"/>. A service does not
    /// start without those that it sends and accepts.
    /// </summary>
    public string Bearers { get; init; } = "";
}

/// <summary>What this service shows to others, and whom it recognises.</summary>
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

    /// <summary>The bearer that this service shows to <paramref name="callee"/>.</summary>
    /// <exception cref="OptionsValidationException">The file holds none.</exception>
    public string For(string callee) =>
        _bearers.To(callee) ?? throw Refuse($"has no line 'send {callee} …', and this service calls {callee}");

    /// <summary>Whether the request's bearer is that of one of <paramref name="callers"/>.</summary>
    public bool MayCall(HttpRequest request, params IReadOnlyList<string> callers)
    {
        const string Scheme = "Bearer ";
        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && callers.Any(caller => _bearers.Accepts(authorization.AsSpan(Scheme.Length), caller));
    }

    /// <exception cref="OptionsValidationException">One of <paramref name="callers"/> could never be recognised.</exception>
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
