using System.Net;
using System.Net.Http.Headers;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.Cli.FirstOperator;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Workers;
using Tollgate.LocalServers;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// Creates the first operator and the first key of a new installation, and waits until the default models are served.
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
    /// Waits until the gateway has found every default model at a worker, lists <paramref name="first"/> for the key, Billing has the
    /// wallet, and the gateway's till holds money. The first calls then find everything ready.
    /// </summary>
    /// <param name="first">The model of the call that the start prints; the key may call it.</param>
    /// <param name="defaults">All models that ship with the product, also those that the operator keeps from the key.</param>
    /// <exception cref="OperatorException">Patience has ended; the message names what is not served.</exception>
    public static async Task WaitForModelsAsync(
        Endpoints endpoints, string key, string first, IReadOnlyList<string> defaults, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        using var operatorClient = OperatorClient.Connect(endpoints);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var started = TimeProvider.System.GetTimestamp();
        string? missing = "no answer";
        while (TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            try
            {
                missing = await FindMissingAsync(operatorClient, defaults, cancellationToken)
                    ?? await CallAsync(http, operatorClient, endpoints, first, cancellationToken);
                if (missing is null)
                {
                    return;
                }
            }
            catch (Exception exception)
                when (exception is HttpRequestException or OperatorException or TaskCanceledException
                    && !cancellationToken.IsCancellationRequested)
            {
                missing = exception.Message;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }

        throw new OperatorException($"The models are not all served yet: {missing}");
    }

    /// <summary>Which default models no worker has shown to the gateway, or only on their way into memory; null when there are none. A
    /// broken one is shown as such.</summary>
    private static async Task<string?> FindMissingAsync(
        OperatorClient client, IReadOnlyList<string> defaults, CancellationToken cancellationToken)
    {
        var fleet = await client.GetAsync("gateway", "/internal/fleet", ContractsJson.Default.Fleet, cancellationToken);
        var shown = fleet.Workers.SelectMany(worker => worker.Status?.Models ?? []).Where(model => model.State != ModelState.Loading)
            .Select(model => model.Card.Name).ToHashSet();
        string[] missing = [.. defaults.Where(model => !shown.Contains(model))];
        return missing.Length == 0 ? null : $"{string.Join(", ", missing)} are being loaded";
    }

    /// <summary>Asks for a model with the key, and for the money of its organization; null when all is there.</summary>
    private static async Task<string?> CallAsync(
        HttpClient http, OperatorClient client, Endpoints endpoints, string model, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync($"{endpoints.Api}/v1/models/{model}", cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return await response.Content.ReadAsStringAsync(cancellationToken);
        }

        var organization = Guid.Parse(response.Headers.GetValues("openai-organization").Single().AsSpan("org-".Length));
        await client.GetAsync(
            "billing", $"/internal/organizations/{organization}/wallet", ContractsJson.Default.WalletState, cancellationToken);
        using var till = await client.SendAsync(
            "gateway", HttpMethod.Post, $"/internal/tills/{organization}", null, cancellationToken);
        return null;
    }
}
