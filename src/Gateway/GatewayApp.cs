using Microsoft.AspNetCore.Builder;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway;

/// <summary>Composition root of the service.</summary>
public static class GatewayApp
{
    /// <summary>Builds the service without starting it; the caller decides whether it runs alone or beside others.</summary>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(GatewayApp).Assembly);
        builder.AddServiceDefaults();

        var app = builder.Build();
        app.MapServiceDefaults();
        return app;
    }
}
