namespace Tollgate.Accounts.Prices;

/// <summary>Registers the operator's pages about prices.</summary>
internal static class PriceSetup
{
    public static void AddPrices(this WebApplicationBuilder builder) => builder.Services.AddScoped<PriceDesk>();
}
