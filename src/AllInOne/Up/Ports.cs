using Tollgate.Cli.Commands;
using Tollgate.LocalServers;

namespace Tollgate.AllInOne.Up;

/// <summary>The ports of one run. The two that customers use are fixed; the others are picked from the free ones.</summary>
internal sealed record Ports(
    int Api, int Portal, int Postgres, int Redis, int Worker, int GatewayInternal, int AccountsInternal, int BillingInternal,
    int LearningInternal, int Stripe, int StripeInternal, int Trainer)
{
    /// <summary>Picks the ports.</summary>
    /// <exception cref="OperatorException">A requested port is in use.</exception>
    public static Ports Choose(int api, int portal)
    {
        if (api == portal && api != 0)
        {
            throw new OperatorException($"The API and the portal cannot both listen on port {api}.");
        }

        return new Ports(
            Fixed(api, "--api-port"), Fixed(portal, "--portal-port"),
            FreePort.Next(), FreePort.Next(), FreePort.Next(), FreePort.Next(), FreePort.Next(), FreePort.Next(), FreePort.Next(),
            FreePort.Next(), FreePort.Next(), FreePort.Next());
    }

    public static string Url(int port) => $"http://127.0.0.1:{port}";

    private static int Fixed(int port, string option)
    {
        if (port == 0)
        {
            return FreePort.Next();
        }

        if (port < 1024 && !Environment.IsPrivilegedProcess && !FreePort.IsFree(port))
        {
            throw new OperatorException(
                $"Port {port} cannot be opened: it is in use, or ports below 1024 are root's. Choose another with {option}.");
        }

        return FreePort.IsFree(port)
            ? port
            : throw new OperatorException($"Port {port} is in use. End the program that holds it, or choose another with {option}.");
    }
}
