using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Inference.Registration;

/// <summary>The address at which other services reach the worker.</summary>
internal sealed class OwnAddress(IConfiguration configuration, IServer server, IOptions<WorkerOptions> options)
{
    /// <summary>
    /// <c>Worker:Address</c>, with the internal listener's port where its own is 0, or the internal listener's; one that listens on every
    /// address goes by the machine's name, which is how containers of one network find each other.
    /// </summary>
    /// <exception cref="InvalidOperationException">The listeners are not up.</exception>
    public string Read()
    {
        if (options.Value.Address is { Port: not 0 } address)
        {
            return address.ToString();
        }

        var listener = BindingAddress.Parse(server.ListenerUrl(configuration, ListenerKind.Internal));
        if (options.Value.Address is { } anyPort)
        {
            return new UriBuilder(anyPort) { Port = listener.Port }.Uri.ToString();
        }

        var host = listener.Host is "0.0.0.0" or "[::]" or "+" or "*" ? Environment.MachineName : listener.Host;
        return $"{listener.Scheme}://{host}:{listener.Port}";
    }
}
