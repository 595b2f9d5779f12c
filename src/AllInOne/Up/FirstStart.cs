using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.LocalServers;

namespace Tollgate.AllInOne.Up;

/// <summary>Makes the first operator and the first key of a fresh installation, and
/// waits until that key can call the default model.</summary>
internal static class FirstStart
{
    /// <summary>Address of the operator's account where none is chosen.</summary>
    public const string StandardEmail = "admin@tollgate.localhost";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>True when this start created them; the two files then hold what is to be shown.</summary>
    /// <param name="email">Address of the operator's account; counts only when it is made.</param>
    public static async Task<bool> BootstrapAsync(
        DataFolder data, Endpoints endpoints, string email, CancellationToken cancellationToken)
    {
        using var client = new OperatorClient(await File.ReadAllTextAsync(endpoints.OperatorBearers, cancellationToken));

        // Written before it is true: a kill in between may leave a password that was
        // never used, but never an account that nobody can enter.
        var pending = data.FirstAdminFile + ".pending";
        if (!File.Exists(pending) && !File.Exists(data.FirstAdminFile))
        {
            OwnerOnly.Write(
                pending, $"{email}\n{RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 20)}-7a\n");
        }

        if (!File.Exists(pending))
        {
            return false;
        }

        var admin = await File.ReadAllLinesAsync(pending, cancellationToken);
        var answer = await client.PostAsync(
            "accounts", $"{endpoints.AccountsInternal}/internal/bootstrap", new Bootstrap(admin[0], admin[1]),
            ContractsJson.Default.Bootstrap, ContractsJson.Default.Bootstrapped, cancellationToken);
        if (answer.KeyText is not null)
        {
            OwnerOnly.Write(data.FirstKeyFile, answer.KeyText + "\n");
        }

        File.Move(pending, data.FirstAdminFile, overwrite: true);
        return answer.Created;
    }

    /// <summary>
    /// Waits until the gateway lists <paramref name="model"/> to the key, Billing has its wallet, and money of it lies in the gateway's till,
    /// so that the first pasted call finds everything warm and waits for nothing.
    /// </summary>
    public static async Task WaitForModelAsync(Endpoints endpoints, string key, string model, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        using var operatorClient = new OperatorClient(await File.ReadAllTextAsync(endpoints.OperatorBearers, cancellationToken));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var started = TimeProvider.System.GetTimestamp();
        var last = "no answer";
        while (TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            try
            {
                using var response = await http.GetAsync($"{endpoints.Api}/v1/models/{model}", cancellationToken);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    var organization = Guid.Parse(response.Headers.GetValues("openai-organization").Single().AsSpan("org-".Length));
                    await operatorClient.GetAsync(
                        "billing", $"{endpoints.BillingInternal}/internal/organizations/{organization}/wallet",
                        ContractsJson.Default.WalletState, cancellationToken);
                    using var till = await operatorClient.SendAsync(
                        "gateway", HttpMethod.Post, $"{endpoints.GatewayInternal}/internal/tills/{organization}", null, cancellationToken);
                    return;
                }

                last = await response.Content.ReadAsStringAsync(cancellationToken);
            }
            catch (Exception exception)
                when (exception is HttpRequestException or OperatorException or TaskCanceledException
                    && !cancellationToken.IsCancellationRequested)
            {
                last = exception.Message;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }

        throw new OperatorException($"The model {model} is not served yet: {last}");
    }
}
