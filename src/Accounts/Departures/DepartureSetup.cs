using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Departures;

/// <summary>Registers exports and deletions of accounts and organizations.</summary>
internal static class DepartureSetup
{
    private const string LeavingPath = "/account/leaving";

    public static void AddDepartures(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<DepartureOptions>, DepartureOptionsValidator>();
        builder.Services.AddOptions<DepartureOptions>().Bind(builder.Configuration.GetSection(DepartureOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<ReceiptSeal>();
        builder.Services.AddSingleton<DepartureEndParts>();
        builder.Services.AddSingleton<OtherServices>();
        builder.Services.AddScoped<DepartureLetters>();
        builder.Services.AddScoped<DepartureDesk>();
        builder.Services.AddScoped<DepartureEnds>();
        builder.Services.AddScoped<DepartureSteps>();
        builder.Services.AddScoped<AccountExport>();
        builder.Services.AddScoped<OrganizationExport>();
        builder.Services.AddSingleton<DepartureWork>();
        builder.Services.AddHostedService(services => services.GetRequiredService<DepartureWork>());
    }

    /// <summary>Leads somebody whose account is to be deleted to the page that offers to keep it. Returns whether it did.</summary>
    public static bool LeadsToLeaving(HttpContext context, Workspace workspace)
    {
        var marks = context.GetEndpoint()!.Metadata;
        if (workspace.LeavesAt is null || marks.GetMetadata<WhileLeavingAttribute>() is not null
            || marks.GetMetadata<IAllowAnonymous>() is not null || marks.GetMetadata<IAuthorizeData>() is null)
        {
            return false;
        }

        context.Response.Redirect(LeavingPath);
        return true;
    }
}
