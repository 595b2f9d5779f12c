using System.CommandLine;
using System.Net;
using System.Net.Http.Json;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;

namespace Tollgate.Cli.FirstOperator;

/// <summary>
/// <c>tollgate bootstrap</c>: creates the first operator with an organization, its wallet with the welcome credit, a project and a key, and
/// prints the key. Changes nothing when there is an operator.
/// </summary>
internal static class BootstrapCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Option<string> Email = EmailOption.Create("--email", "Address of the operator's account.");
    private static readonly Option<FileInfo?> PasswordFile = new("--password-file")
    {
        Description = "File whose first line is the password of the account. Default: a new password, which is printed.",
    };

    public static Command Create() =>
        new Command("bootstrap", "Makes the first operator and a key that can be called, once.") { Email, PasswordFile }.Does(RunAsync);

    private static async Task<int> RunAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        if (await HasOperatorAsync(client, cancellationToken))
        {
            await Console.Out.WriteLineAsync(
                $"There is an operator already; nothing is changed. Another key: {target.Hint("keys create --name NAME")}");
            return 0;
        }

        var email = parsed.GetRequiredValue(Email);
        var given = ReadPassword(parsed.GetValue(PasswordFile));
        var password = given ?? OperatorPassword.Create();

        // Before it is valid: a kill in between may leave an unused password, but never an account that no one can enter.
        await Console.Out.WriteLineAsync(given is null ? $"Admin {email} {password}" : $"Admin {email}");
        var made = await OrderAsync(client, new Bootstrap(email, password), cancellationToken);
        if (made is not { KeyText: { } key, OrganizationId: { } organization })
        {
            await Console.Out.WriteLineAsync("Another bootstrap was first; the account above is not made.");
            return 0;
        }

        await Console.Out.WriteLineAsync($"Key {key}");
        await WaitForWalletAsync(client, organization, cancellationToken);
        return 0;
    }

    private static async Task<bool> HasOperatorAsync(OperatorClient client, CancellationToken cancellationToken)
    {
        using var keys = await client.AskAsync("accounts", HttpMethod.Get, "/internal/keys", null, cancellationToken);
        if (keys.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }

        await client.RequireSuccessAsync("accounts", keys, cancellationToken);
        return true;
    }

    /// <exception cref="OperatorException">Accounts refused; the message names the options.</exception>
    private static async Task<Bootstrapped> OrderAsync(OperatorClient client, Bootstrap order, CancellationToken cancellationToken)
    {
        using var answer = await client.AskAsync(
            "accounts", HttpMethod.Post, "/internal/bootstrap", JsonContent.Create(order, ContractsJson.Default.Bootstrap),
            cancellationToken);
        if (answer.StatusCode == HttpStatusCode.BadRequest)
        {
            var faults = await OperatorClient.ReadFaultsAsync(answer, cancellationToken);
            throw new OperatorException(
                $"--email, --password-file: {string.Join(' ', faults.Select(fault => fault.Text))} Nothing is made.");
        }

        await client.RequireSuccessAsync("accounts", answer, cancellationToken);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.Bootstrapped, cancellationToken))!;
    }

    /// <summary>Waits until Billing has the wallet: a call before that is refused.</summary>
    /// <exception cref="OperatorException">Billing had no wallet in time.</exception>
    private static async Task WaitForWalletAsync(OperatorClient client, Guid organization, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var wallet = await client.AskAsync(
                "billing", HttpMethod.Get, $"/internal/organizations/{organization}/wallet", null, cancellationToken);
            if (wallet.IsSuccessStatusCode)
            {
                return;
            }

            if (TimeProvider.System.GetElapsedTime(started) > Patience)
            {
                throw new OperatorException(
                    $"billing has no wallet of organization {organization} yet ({(int)wallet.StatusCode}). The key works once it has one.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Reads the first line of the file; null without a file.</summary>
    /// <exception cref="OperatorException">The file cannot be read or has no first line.</exception>
    private static string? ReadPassword(FileInfo? file)
    {
        try
        {
            return file is null ? null : File.ReadLines(file.FullName).FirstOrDefault() is { Length: > 0 } password
                ? password
                : throw new OperatorException($"--password-file: {file.FullName} is empty.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"--password-file: {exception.Message}", exception);
        }
    }
}
