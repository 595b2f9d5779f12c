using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>Makes and runs a service the same way whether it is alone in its process, beside others, or in a test.</summary>
public static class PlatformHost
{
    /// <summary>
    /// A builder that reads <c>TOLLGATE__Section__Name</c> from the environment, then
    /// <c>--Section:Name=value</c> from the arguments; a name ending in
    /// <c>_FILE</c> gives the path of a file that holds the value. The listeners are <c>Listen:Public</c> and <c>Listen:Internal</c>.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder(string[] args, Assembly service)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = service.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory, // The working directory may be /, which a watcher would walk.
        });
        builder.Configuration.AddEnvironmentVariables("TOLLGATE__").AddCommandLine(args);
        builder.Configuration.AddInMemoryCollection(ReadSecretFiles(builder.Configuration));
        if (builder.Configuration["Host:Signals"] == "ignore")
        {
            builder.Services.AddSingleton<IHostLifetime, StoppedByItsOwner>();
        }

        builder.WebHost.UseKestrelCore().ConfigureKestrel(ConfigureListeners);
        return builder;
    }

    /// <summary>
    /// Runs a service: <c>migrate</c> as the first argument brings its schema up to date and ends; <c>health</c> asks the running one of
    /// the same settings whether it is ready, for a container's health check; anything else serves until a signal.
    /// </summary>
    /// <param name="migrate">Null for a service without a database.</param>
    public static async Task<int> RunAsync(
        string[] args, Func<string[], WebApplication> create, Func<string[], CancellationToken, Task>? migrate = null)
    {
        if (args is ["migrate", .. var rest])
        {
            await (migrate ?? throw new InvalidOperationException("This service has no database to migrate."))(
                rest, CancellationToken.None);
            return 0;
        }

        if (args is ["health", .. var settings])
        {
            return await AskHealthAsync(settings) ? 0 : 1;
        }

        await using var app = create(args);
        await app.RunAsync();
        return 0;
    }

    private static async Task<bool> AskHealthAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables("TOLLGATE__").AddCommandLine(args).Build();
        var listener = configuration["Listen:Internal"] ?? configuration["Listen:Public"]
            ?? throw new InvalidOperationException("Listen:Internal is not set: where does the service listen?");
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(4) };
        try
        {
            using var response = await http.GetAsync($"http://127.0.0.1:{BindingAddress.Parse(listener).Port}/health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return false;
        }
    }

    /// <summary>For a service beside others in one process: whoever made it stops it, in an
    /// order of its own, so it must not listen for signals.</summary>
    private sealed class StoppedByItsOwner : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static Dictionary<string, string?> ReadSecretFiles(IConfiguration configuration) => configuration.AsEnumerable()
        .Where(setting => setting.Key.EndsWith("_FILE", StringComparison.OrdinalIgnoreCase) && !string.IsNullOrEmpty(setting.Value))
        .ToDictionary(setting => setting.Key[..^"_FILE".Length], setting => (string?)File.ReadAllText(setting.Value!).TrimEnd('\n', '\r'));

    private static void ConfigureListeners(WebHostBuilderContext context, KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MinResponseDataRate = null; // A reader of a slow stream is not an attacker.
        kestrel.Limits.MaxRequestBodySize = 4 * 1024 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 64 * 1024;
        foreach (var kind in Enum.GetValues<ListenerKind>())
        {
            if (context.Configuration[$"Listen:{kind}"] is { Length: > 0 } url)
            {
                var address = BindingAddress.Parse(url);
                var ip = address.Host == "localhost"
                    ? IPAddress.Loopback : address.Host is "+" or "*" ? IPAddress.Any : IPAddress.Parse(address.Host);
                kestrel.Listen(ip, address.Port, listen => listen.Use(next => connection =>
                {
                    connection.Features.Set(new Listener(kind));
                    return next(connection);
                }));
            }
        }
    }
}
