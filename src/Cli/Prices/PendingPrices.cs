using System.Text.Json;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Cli.Prices;

/// <summary>
/// Prices from imports on this machine that Accounts has not received yet. An import works while nothing runs, and the next start
/// delivers its price.
/// </summary>
public static class PendingPrices
{
    /// <summary>Stores a price on disk.</summary>
    public static Task AddAsync(DataFolder data, SetPrice price, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(
            Path.Combine(data.Folder("prices"), price.Model + ".json"), JsonSerializer.Serialize(price, ContractsJson.Default.SetPrice),
            cancellationToken);

    /// <summary>Whether a price of a model is stored.</summary>
    public static bool Has(DataFolder data, string model) => File.Exists(data.At("prices", model + ".json"));

    /// <summary>Delivers the stored prices. Returns false when no installation runs.</summary>
    /// <exception cref="OperatorException">A price was refused.</exception>
    public static async Task<bool> SendAsync(DataFolder data, CancellationToken cancellationToken)
    {
        if (!Endpoints.IsRunning(data))
        {
            return false;
        }

        using var client = OperatorClient.Connect(data);
        foreach (var file in Directory.GetFiles(data.Folder("prices"), "*.json"))
        {
            var price = JsonSerializer.Deserialize(
                await File.ReadAllTextAsync(file, cancellationToken), ContractsJson.Default.SetPrice)!;
            await PriceOrder.SendAsync(client, price, cancellationToken);
            File.Delete(file);
        }

        return true;
    }
}
