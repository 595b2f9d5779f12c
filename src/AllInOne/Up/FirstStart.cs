using System.Net;
using System.Net.Http.Headers;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.Cli.FirstOperator;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.LocalServers;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// Creates the first operator and the first key of a new installation, and waits until the key can call the default model.
/// </summary>
internal static class FirstStart
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>
    /// Creates the operator and the key if they do not exist, and writes them to two files. Returns true when this start created them.
    /// </summary>
    /// <param name="email">Address of the operator's account; used only at its creation.</param>
    public static async Task<bool> BootstrapAsync(
        DataFolder data, Endpoints endpoints, string email, CancellationToken cancellationToken)
    {
        using var client = OperatorClient.Connect(endpoints);

        // Writes the password before it is valid: a kill in between may leave an unused password, but never an account that no one can
        // enter.
        var pending = data.FirstAdminFile + ".pending";
        if (!File.Exists(pending) && !File.Exists(data.FirstAdminFile))
        {
            OwnerOnly.Write(pending, $"{email}\n{OperatorPassword.Create()}\n");
        }

        if (!File.Exists(pending))
        {
            return false;
        }

        var admin = await File.ReadAllLinesAsync(pending, cancellationToken);
        var answer = await client.PostAsync(
            "accounts", "/internal/bootstrap", new Bootstrap(admin[0], admin[1]),
            ContractsJson.Default.Bootstrap, ContractsJson.Default.Bootstrapped, cancellationToken);
        if (answer.KeyText is not null)
        {
            OwnerOnly.Write(data.FirstKeyFile, answer.KeyText + "\n");
        }

        File.Move(pending, data.FirstAdminFile, overwrite: true);
        return answer.Created;
    }

    /// <summary>
    /// Waits until the gateway lists <paramref name="model"/> for the key, Billing has the wallet, and the gateway's till holds money. The
    /// first call then finds everything ready.
    /// </summary>
    public static async Task WaitForModelAsync(Endpoints endpoints, string key, string model, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        using var operatorClient = OperatorClient.Connect(endpoints);
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
                        "billing", $"/internal/organizations/{organization}/wallet",
                        ContractsJson.Default.WalletState, cancellationToken);
                    using var till = await operatorClient.SendAsync(
                        "gateway", HttpMethod.Post, $"/internal/tills/{organization}", null, cancellationToken);
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
