using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.TimeZones;

/// <summary>Registers time zones, and takes the one that the script of a page reports once.</summary>
internal static class TimeZoneSetup
{
    public const string DetectionPath = "/account/time-zone/detected";

    public static void AddTimeZones(this WebApplicationBuilder builder) => builder.Services.AddScoped<TimeZoneChoices>();

    public static void MapTimeZones(this IEndpointRouteBuilder routes) =>
        routes.MapPost(DetectionPath, DetectAsync).RequireAuthorization().ExcludeFromDescription()
            .WithMetadata(new WithoutOrganizationAttribute(), new WhileLeavingAttribute());

    /// <summary>The form's token is checked before this runs.</summary>
    internal static async Task<NoContent> DetectAsync(
        [FromForm] string? zone, Workspace workspace, TimeZoneChoices zones, CancellationToken cancellationToken)
    {
        await zones.DetectAsync(workspace.UserId, zone, cancellationToken);
        return TypedResults.NoContent();
    }
}
