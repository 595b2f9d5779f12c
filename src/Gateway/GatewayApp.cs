using Microsoft.AspNetCore.Builder;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.OpenAi;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Shipping;
using Tollgate.Gateway.Sweeping;
using Tollgate.Gateway.Till;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway;

/// <summary>Composition root of the service.</summary>
public static class GatewayApp
{
    /// <summary>Builds the service without starting it; the caller decides whether it runs alone or beside others.</summary>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(GatewayApp).Assembly);
        PlaceData(builder);
        builder.AddServiceDefaults();
        builder.AddRedis();
        builder.AddJournal();
        builder.AddSweeping();
        builder.AddKeyAuthentication();
        builder.AddTill();
        builder.AddAdmission();
        builder.AddIdempotency();
        builder.AddShipping();
        builder.AddCatalogue();
        builder.AddRouting();
        builder.AddForwarding();
        builder.AddOpenAi();
        builder.AddOpenApiDocument();

        var app = builder.Build();
        app.UseOpenAi();
        app.MapServiceDefaults();
        app.MapOpenAi();
        app.MapOpenApiDocument();
        app.MapFleet();
        app.MapTills();
        return app;
    }

    /// <summary>One setting, <c>Gateway:DataDirectory</c>, places everything that a gateway
    /// keeps; each folder can still be named by itself.</summary>
    private static void PlaceData(WebApplicationBuilder builder)
    {
        if (builder.Configuration["Gateway:DataDirectory"] is { Length: > 0 } folder)
        {
            builder.Configuration["Journal:Folder"] ??= Path.Combine(folder, "journal");
            builder.Configuration["Catalogue:Folder"] ??= Path.Combine(folder, "snapshots");
        }
    }
}
