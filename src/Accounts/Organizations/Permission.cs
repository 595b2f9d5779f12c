namespace Tollgate.Accounts.Organizations;

/// <summary>What a member may do in an organization. Custom roles store the names, so a name never changes.</summary>
internal enum Permission
{
    /// <summary>Open the portal's pages of the organization: members, projects, keys, files and jobs.</summary>
    ReadOrganization,

    /// <summary>Rename the organization and change its custom roles.</summary>
    ManageOrganization,

    /// <summary>Invite and remove members, and change their roles.</summary>
    ManageMembers,

    /// <summary>Create, change and archive projects and their service accounts.</summary>
    ManageProjects,

    /// <summary>Create, change and revoke keys.</summary>
    ManageKeys,

    /// <summary>Send, delete and run what belongs to a project: files, batches, fine-tuning, deployments.</summary>
    UseProject,

    /// <summary>Open the pages of usage.</summary>
    ReadUsage,

    /// <summary>Open the pages of money.</summary>
    ReadBilling,

    /// <summary>Top up.</summary>
    ManageBilling,

    /// <summary>Open the audit log.</summary>
    ReadAudit,

    /// <summary>Change how members sign in.</summary>
    ManageSignIn,
}
