using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.AllInOne.Models;

/// <summary>Prices given on import that Billing has not taken yet: an import works while
/// nothing runs, and the next start delivers them.</summary>
internal static class PendingPrices
{
    /// <summary>Notes a price on disk.</summary>
    public static Task AddAsync(DataFolder data, SetPrice price, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(
            Path.Combine(data.Folder("prices"), price.Model + ".json"), JsonSerializer.Serialize(price, ContractsJson.Default.SetPrice),
            cancellationToken);

    /// <summary>Delivers what is noted. False when no installation runs.</summary>
    /// <exception cref="OperatorException">Billing refused one.</exception>
    public static async Task<bool> SendAsync(DataFolder data, CancellationToken cancellationToken)
    {
        if (!Endpoints.IsRunning(data))
        {
            return false;
        }

        var (client, endpoints) = OperatorClient.Connect(data);
        using (client)
        {
            foreach (var file in Directory.GetFiles(data.Folder("prices"), "*.json"))
            {
                var price = JsonSerializer.Deserialize(
                    await File.ReadAllTextAsync(file, cancellationToken), ContractsJson.Default.SetPrice)!;
                using var answer = await client.SendAsync(
                    "billing", HttpMethod.Post, $"{endpoints.BillingInternal}/internal/prices",
                    JsonContent.Create(price, ContractsJson.Default.SetPrice), cancellationToken);
                File.Delete(file);
            }
        }

        return true;
    }
}
