using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Learning.Housekeeping;

/// <summary>Registers the housekeeping.</summary>
internal static class HousekeepingSlice
{
    public static IServiceCollection AddHousekeeping(this IServiceCollection services) => services;
}
