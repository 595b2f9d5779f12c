using Tollgate.Cli.Data;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// The bearer file of each service, <c>secrets/SERVICE_bearers</c>. Each service receives only the path of its own file.
/// </summary>
internal static class BearerFiles
{
    /// <summary>
    /// Creates all files if any is missing, damaged, or lacks a call of this version. Each bearer lies in two files, so they are replaced
    /// together. Deleting one before a start therefore changes every bearer.
    /// </summary>
    public static void Ensure(DataFolder data)
    {
        if (AreWhole(data))
        {
            return;
        }

        foreach (var (service, text) in ServiceBearers.Issue())
        {
            OwnerOnly.Write(PathOf(data, service), text);
        }
    }

    public static string PathOf(DataFolder data, string service) => Path.Combine(data.Folder("secrets"), service + "_bearers");

    private static bool AreWhole(DataFolder data)
    {
        try
        {
            return ServiceBearers.AreComplete(ServiceCall.Services.Where(service => File.Exists(PathOf(data, service)))
                .ToDictionary(service => service, service => ServiceBearers.Parse(File.ReadAllText(PathOf(data, service)))));
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
