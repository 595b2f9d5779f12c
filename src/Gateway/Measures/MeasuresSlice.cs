using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Gateway.Measures;

/// <summary>Registers the measures of versions and their reports. Shares the client of Accounts with authentication.</summary>
internal static class MeasuresSlice
{
    public static WebApplicationBuilder AddMeasures(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<VersionMeasures>();
        builder.Services.AddHostedService<MeasureReporter>();
        return builder;
    }
}
