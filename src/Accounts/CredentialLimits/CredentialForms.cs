using System.Globalization;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Housekeeping;
using Tollgate.Accounts.Portal;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.CredentialLimits;

/// <summary>Marks a page whose forms take a password, a mailed link or an address to mail to. Limits its posts by source.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class CredentialFormAttribute : Attribute;

/// <summary>Applies the limits of credential forms before their pages run.</summary>
internal static partial class CredentialForms
{
    public static void AddCredentialLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<CredentialLimitOptions>, CredentialLimitOptionsValidator>();
        builder.Services.AddOptions<CredentialLimitOptions>().Bind(builder.Configuration.GetSection(CredentialLimitOptions.Section))
            .ValidateOnStart();
        builder.Services.AddClientAddress(builder.Configuration);
        builder.Services.AddScoped<CredentialLimiter>();
        builder.Services.AddScoped<IExpiringRows>(services => services.GetRequiredService<CredentialLimiter>());
    }

    /// <summary>Must come after routing: it checks the endpoint's metadata, so no spelling of a path avoids the limit.</summary>
    public static void UseCredentialLimits(this WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<ClientAddress>();
        var isPublic = !app.Services.GetRequiredService<PortalAddress>().IsLoopback;
        var warned = 0;
        app.Use(async (context, next) =>
        {
            if (isPublic && addresses.IsUntrustedProxy(context) && Interlocked.Exchange(ref warned, 1) == 0)
            {
                LogUntrustedProxy(app.Logger, context.Connection.RemoteIpAddress);
            }

            if (context.GetEndpoint()?.Metadata.GetMetadata<CredentialFormAttribute>() is not null
                && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            {
                var limiter = context.RequestServices.GetRequiredService<CredentialLimiter>();
                if (await limiter.TakeFormAsync(addresses.SourceOf(context), context.RequestAborted) is { } wait)
                {
                    context.Response.Refuse(wait);
                    return;
                }
            }

            await next(context);
        });
    }

    [LoggerMessage(1, LogLevel.Warning,
        "{Address} forwards requests of others, but Proxies:Trusted does not name it: its clients share one limit of sign-in forms.")]
    private static partial void LogUntrustedProxy(ILogger logger, System.Net.IPAddress? address);

    /// <summary>Answers 429 with <c>Retry-After</c>.</summary>
    public static void Refuse(this HttpResponse response, TimeSpan wait)
    {
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    }
}
